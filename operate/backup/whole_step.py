"""A step of a whole server's restore, in a container of its own: the backup container's, but that it may write to the
server's volume. What the step does belongs to `images.backup.whole`.
"""

from __future__ import annotations

import json
import time
from typing import Any, Final

import docker
from docker.errors import APIError
from docker.models.containers import Container

from operate import daemon
from operate.backup.physical import Beside
from operate.errors import OperateError

_PROGRAM: Final = ("python3", "-B", "-m", "images.backup", "whole")
_COPIED: Final = ("/opt/data-tier", "/etc/data-tier")
_CAPABILITIES: Final = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID")
_DATA: Final = "/var/lib/postgresql/data"
_POLL: Final = 0.5


def run(client: docker.DockerClient, beside: Beside, *step: str) -> dict[str, Any]:
    """What the step answers. Raises OperateError with its reason."""
    its = beside.container
    name = f"{its.name}-restores"
    left = daemon.find(client, name)
    if left is not None:
        left.remove(force=True)
    mounts = [
        docker.types.Mount(
            target=one["Destination"],
            source=one.get("Name") or one["Source"],
            type=one["Type"],
            read_only=not one["RW"] and one["Destination"] != _DATA,
        )
        for one in its.attrs["Mounts"]
    ]
    container = client.containers.create(
        its.attrs["Image"],
        [*_PROGRAM, *step],
        name=name,
        environment=its.attrs["Config"]["Env"],
        mounts=mounts,
        network=_way_out(its, beside),
        cap_drop=["ALL"],
        cap_add=list(_CAPABILITIES),
        security_opt=["no-new-privileges"],
        mem_limit=its.attrs["HostConfig"]["Memory"] or None,
        labels={daemon.STACK_LABEL: its.labels[daemon.STACK_LABEL]} if daemon.STACK_LABEL in its.labels else {},
    )
    try:
        for folder in _COPIED:
            content = b"".join(its.get_archive(folder)[0])
            container.put_archive(folder.rpartition("/")[0], content)
        container.start()
        code = _ended(container)
        out, err = (container.logs(stdout=one, stderr=not one).decode(errors="replace") for one in (True, False))
    except APIError as error:
        raise OperateError(f"{name}: {error.explanation}") from None
    finally:
        container.remove(force=True)
    if code:
        lines = err.strip().splitlines() or [f"exit code {code}"]
        raise OperateError(f"{beside.server.name}: {lines[-1].removeprefix('error: ')}")
    found: dict[str, Any] = json.loads(out)
    return found


def _ended(container: Container) -> int:
    while True:
        container.reload()
        if container.status in {"exited", "dead"}:
            return int(container.attrs["State"]["ExitCode"])
        time.sleep(_POLL)


def _way_out(its: Container, beside: Beside) -> str:
    """The network by which the backup container leaves the host, where its repository is elsewhere."""
    others = [name for name in its.attrs["NetworkSettings"]["Networks"] if name != beside.server.network]
    return others[0] if others else "none"
