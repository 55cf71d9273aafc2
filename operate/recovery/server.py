"""One server's data from a copy of its repository, in a container of its own that is gone afterwards.

The volumes are made as the stack declares them, so that `up` finds its own. What happens inside belongs to
`images.backup.anew`.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import docker
from docker.errors import APIError, ImageNotFound

from operate import archive, daemon, inside, pulumi
from operate.archive import File
from operate.errors import OperateError
from operate.recovery import copies
from operate.recovery.plan import Restored

_FOLDER, _DATA, _PROGRAM = "/var/lib/data-tier", "/var/lib/postgresql/data", "/opt/data-tier"
_CIPHER, _TASK = "/run/secrets/backup_cipher", "/etc/data-tier/task.json"
_MODULES: Final = ("components/cron.py", "components/table_facts.py", "images/exposition.py")
_RUN: Final = ("python3", "-B", "-m", "images.backup.anew")
_CAPABILITIES: Final = ["CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL", "SETGID", "SETUID"]
SILENCE_SECONDS: Final = 24 * 3600
_USER: Final = 999  # of postgres, as whom all but the first and last step run

Step = Callable[[str], dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A server, the copy of its repository, by what that is known, and up to when it is restored."""

    server: Restored
    copy: Path
    system: int | None
    to: datetime | None


def volumes(client: docker.DockerClient, its: Restored, undo: ExitStack) -> None:
    """Make the server's two volumes; `undo` takes them away again. Raises OperateError."""
    for volume in (its.data, its.repository):
        try:
            made: Any = client.volumes.create(volume.name, driver="local", labels=dict(volume.labels))
        except APIError as error:
            raise OperateError(f"volume {volume.name} can't be made: {error.explanation}") from None
        undo.callback(made.remove, force=True)


@contextmanager
def container(client: docker.DockerClient, wanted: Wanted) -> Iterator[Step]:
    """Runs the steps, by name, in a container that has the server's volumes and no network. Raises OperateError."""
    its = wanted.server
    try:
        made: Any = client.containers.create(
            its.image,
            ["sleep", "infinity"],
            name=f"{its.name}-anew-{secrets.token_hex(4)}",
            labels={daemon.STACK_LABEL: its.data.labels.get(daemon.STACK_LABEL, ""), "data-tier.component": "anew"},
            environment={"PYTHONPATH": _PROGRAM},
            volumes={
                its.repository.name: {"bind": _FOLDER, "mode": "rw"},
                its.data.name: {"bind": _DATA, "mode": "rw"},
            },
            network_mode="none",
            cap_drop=["ALL"],
            cap_add=_CAPABILITIES,
            security_opt=["no-new-privileges:true"],
            shm_size="256m",
            init=True,
        )
    except ImageNotFound:
        raise OperateError(f"there is no image {its.image}: `make images` builds it") from None
    except APIError as error:
        raise OperateError(f"no container can be made to restore {its.name}: {error.explanation}") from None
    try:
        made.put_archive("/", _files(wanted))
        with copies.packed(wanted.copy) as tar:
            client.api.put_archive(made.id, _FOLDER, tar)
        made.start()
        yield lambda step: _run(made, its, step)
    except APIError as error:
        raise OperateError(f"{its.name} can't be restored: {error.explanation}") from None
    finally:
        made.remove(force=True)


def _run(made: Any, its: Restored, step: str) -> dict[str, Any]:
    done = inside.capture(made, [*_RUN, step], seconds=SILENCE_SECONDS)
    if done.code:
        raise OperateError(f"{its.name}: {done.reason.removeprefix('error: ')}")
    found: dict[str, Any] = json.loads(done.out)
    return found


def _files(wanted: Wanted) -> bytes:
    its = wanted.server
    program = [*sorted((pulumi.REPOSITORY / "images/backup").glob("*.py"))]
    sources = [(f"images/backup/{path.name}", path) for path in program]
    sources += [(path, pulumi.REPOSITORY / path) for path in _MODULES]
    task = {
        "system": wanted.system,
        "to": wanted.to.isoformat() if wanted.to else None,
        "passwords": dict(its.verifiers),
    }
    content = {
        **{f"{_PROGRAM}/{name}": path.read_bytes() for name, path in sources},
        **{path: text.encode() for path, text in its.files.items()},
        _TASK: json.dumps(task).encode(),
        **({_CIPHER: its.cipher.encode()} if its.cipher else {}),
    }
    return archive.pack({path: _file(path, data) for path, data in content.items()})


def _file(path: str, data: bytes) -> File:
    """The program is for everybody, all else for the user that restores."""
    return File(data=data) if path.startswith(_PROGRAM) else File(data=data, mode=0o400, owner=_USER)
