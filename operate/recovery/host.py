"""What a rebuild needs of the host: nothing of the stack may be there, neither files nor on Docker.

Looks first and tells everything at once; then writes the files that the kit holds, and takes them away again where the
rebuild fails before there is a stack.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path, PurePosixPath
from typing import Any, Final

import docker

from operate import daemon, env_file, pulumi
from operate.doctor import state as place
from operate.errors import OperateError
from operate.recovery import contents, plan
from operate.recovery.kit import Contents

_VARIABLE: Final = "PULUMI_CONFIG_PASSPHRASE"
_KINDS: Final = {
    "docker:index/container:Container": "container",
    "docker:index/network:Network": "network",
    plan.VOLUME: "volume",
}


def require_bare(stack: str, kit: Contents, client: docker.DockerClient) -> None:
    """Raises OperateError with everything of the stack that is there already."""
    problems = [*_files(stack, kit), *_passphrase(kit), *_on_docker(kit, client)]
    if problems:
        told = [
            f"nothing was made: this host has something of stack {stack} already",
            *(f"  - {it}" for it in problems),
        ]
        raise OperateError("\n".join(told))


def write(stack: str, kit: Contents, undo: ExitStack) -> None:
    """The stack file, what it refers to, and the passphrase; `undo` takes them away again. Raises OperateError."""
    try:
        _write(contents.stack_file(stack), kit.stack_file, undo, private=False)
        for name, text in kit.files.items():
            path = pulumi.REPOSITORY / name
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                _write(path, text, undo, private=False)
        if (file := _passphrase_file()) and not file.exists():
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write(file, kit.passphrase, undo, private=True)
    except OSError as error:
        raise OperateError(f"{error.filename} can't be written: {error.strerror}") from None


def _write(path: Path, text: str, undo: ExitStack, *, private: bool) -> None:
    if private:
        env_file.write(path, text)
    else:
        path.write_text(text, encoding="utf-8")
    undo.callback(path.unlink, missing_ok=True)


def _files(stack: str, kit: Contents) -> Iterator[str]:
    if (path := contents.stack_file(stack)).exists():
        yield f"{path.name} is there: rebuild in a checkout that has no stack file of that name, or move it away"
    for name, text in kit.files.items():
        path = pulumi.REPOSITORY / name
        if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
            yield f"the kit has a file {name}, which lies outside of the project"
        elif path.exists() and path.read_bytes() != text.encode():
            yield f"{name} is there with other content than the kit's: move it away"


def _passphrase(kit: Contents) -> Iterator[str]:
    if _VARIABLE in os.environ:
        if os.environ[_VARIABLE] != kit.passphrase:
            yield f"{_VARIABLE} is another passphrase than the stack's: unset it, and the kit's is written to a file"
        return
    path = _passphrase_file()
    if path is None:
        yield f"the state is kept by {place.find().url}: say in {_VARIABLE}_FILE where the passphrase is to be written"
    elif path.exists() and path.read_text(encoding="utf-8").strip() != kit.passphrase:
        yield f"{path} has another passphrase than the stack's: move it away, or set {_VARIABLE}_FILE to a new file"


def _passphrase_file() -> Path | None:
    """Where the engine will look for it; None where the environment has it, or says nothing."""
    told = place.find().passphrase_from
    return None if told in ("", _VARIABLE) else Path(told)


def _on_docker(kit: Contents, client: docker.DockerClient) -> Iterator[str]:
    prefix = plan.outputs(kit.deployment)["prefix"]
    names = plan.names(kit.deployment)
    label = f"{daemon.STACK_LABEL}={prefix}"
    for kind, there in _there(client):
        wanted = {name for its, name in names if _KINDS[its] == kind}
        found = {name for name, labels in there if name in wanted or label in labels}
        if found:
            yield f"{kind}s with its names or its prefix {prefix}: {', '.join(sorted(found))}"


def _there(client: docker.DockerClient) -> Iterator[tuple[str, list[tuple[str, set[str]]]]]:
    """Name and labels of what Docker has, by kind; by lists alone, since what is asked for singly may be gone."""
    api: Any = client.api
    for kind, entries in (
        ("container", [{**one, "Name": one["Names"][0].lstrip("/")} for one in api.containers(all=True)]),
        ("network", api.networks()),
        ("volume", api.volumes()["Volumes"] or ()),
    ):
        yield kind, [(one["Name"], {f"{key}={its}" for key, its in (one["Labels"] or {}).items()}) for one in entries]
