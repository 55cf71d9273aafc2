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

_BELOW: Final = (  # whatever lies there: other containers' files, and what the host runs as root
    *("/var/lib/docker/", "/var/lib/containerd", "/var/lib/containers", "/var/lib/kubelet", "/run/containerd/"),
    *("/run/docker/", "/run/systemd", "/run/dbus", "/etc/systemd", "/etc/cron", "/root/", "/boot", "/sys/fs/cgroup"),
    *("/var/spool/cron", "/usr/bin", "/usr/sbin", "/usr/lib/systemd", "/proc/", "/dev/sd", "/dev/nvme", "/dev/vd"),
)


def _check(subject: Subject, _: Settings) -> Iterator[str]:
    if subject.type == VOLUME:
        for option, value in subject.reader.entries(subject.props, "driverOpts"):
            if _any_leads(value):
                yield f"driverOpts.{option}: the volume is a way to the container engine"
        return
    workload = Workload(subject)
    for mount in workload.mounts():
        if mount.kind not in ("tmpfs", "anonymous") and _leads_to_the_engine(mount.source):
            yield f"{mount.where}: a way to the container engine"
    for at, one in workload.reader.items(workload.get(), "mounts"):
        for option, value in workload.reader.entries(workload.reader.get(one, "volumeOptions"), "driverOptions"):
            if _any_leads(value):
                yield f"mounts[{at}].volumeOptions.driverOptions.{option}: a way to the container engine"
    for where, name, value in workload.environment():
        if name.upper() in ("DOCKER_HOST", "CONTAINER_HOST") and value:
            yield f"{where}: {name} is a way to the container engine"


def _any_leads(options: Any) -> bool:
    """Whether a path in a volume's options does: `lowerdir=/run:/srv`, `:/var/run`."""
    return isinstance(options, str) and any(_leads_to_the_engine(part) for part in re.split(r"[,:;=]", options))


def _leads_to_the_engine(source: Any) -> bool:
    """Whether a path of the host is a socket of an engine, or a folder that holds one or its files."""
    if not isinstance(source, str) or not source.strip().startswith("/"):
        return bool(isinstance(source, str) and _SOCKETS.search(source))
    path = "/" + posixpath.normpath(source.strip()).lstrip("/")
    return path in _FOLDERS or path.startswith(_BELOW) or bool(_SOCKETS.search(path))


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
