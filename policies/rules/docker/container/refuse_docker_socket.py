"""Refuses every way to the container engine's socket: by mount, by a folder that holds it, by a volume, by TCP."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import Any, Final

from policies.containers import CONTAINERS, Workload
from policies.rule import ResourceRule, Settings, Severity, Subject

VOLUME: Final = "docker:index/volume:Volume"
_SOCKETS: Final = re.compile(r"(?:docker|podman|containerd|crio|cri-dockerd|buildkitd)[\w.-]*\.sock")
_FOLDERS: Final = frozenset(
    {"/", "/run", "/var", "/var/run", "/run/docker", "/var/run/docker", "/var/lib", "/var/lib/docker",
     "/run/containerd", "/run/podman", "/etc", "/etc/docker", "/root", "/proc", "/sys", "/dev", "/home"}
)  # fmt: skip


def _check(subject: Subject, _: Settings) -> Iterator[str]:
    if subject.type == VOLUME:
        device = subject.reader.path(subject.props, "driverOpts", "device")
        if _leads_to_the_engine(device):
            yield "driverOpts.device: the volume is a way to the container engine"
        return
    workload = Workload(subject)
    for mount in workload.mounts():
        if mount.kind not in ("tmpfs", "anonymous") and _leads_to_the_engine(mount.source):
            yield f"{mount.where}: a way to the container engine"
    for at, one in workload.reader.items(workload.get(), "mounts"):
        options = workload.reader.path(one, "volumeOptions", "driverOptions", "device")
        if _leads_to_the_engine(options):
            yield f"mounts[{at}].volumeOptions: a way to the container engine"
    for where, name, value in workload.environment():
        if name.upper() in ("DOCKER_HOST", "CONTAINER_HOST") and value:
            yield f"{where}: {name} is a way to the container engine"


def _leads_to_the_engine(source: Any) -> bool:
    """Whether a path of the host is a socket of an engine, or a folder that holds one or its files."""
    if not isinstance(source, str) or not source.strip().startswith("/"):
        return bool(isinstance(source, str) and _SOCKETS.search(source))
    path = "/" + posixpath.normpath(source.strip()).lstrip("/")
    return path in _FOLDERS or bool(_SOCKETS.search(path))


RULE = ResourceRule(
    name="refuse-docker-socket",
    description="No container reaches the container engine.",
    why="The engine's socket is root on the host: with it a container starts another one that publishes or reads any "
    "database.",
    remedy="Take the mount away; schedules and backups of this project need no socket",
    severity=Severity.CRITICAL,
    types=CONTAINERS | {VOLUME},
    check=_check,
)
