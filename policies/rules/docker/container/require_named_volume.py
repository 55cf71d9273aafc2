"""Refuses data containers whose data lies in their own layer, an anonymous volume, tmpfs or a folder of the host."""

from __future__ import annotations

from collections.abc import Iterator

from policies.containers import COMPONENT, CONTAINERS, Mount, Workload
from policies.rule import ResourceRule, Settings, Severity, Subject
from policies.stores import is_store_image

_HOLD_NOTHING = frozenset({"forwarder", "relay", "pooler", "exporter", "follower", "secrets", "watchdog"})


def _check(subject: Subject, _: Settings) -> Iterator[str]:
    workload = Workload(subject)
    if workload.one_shot() or not workload.is_store():
        return
    if workload.labels().get(COMPONENT) in _HOLD_NOTHING and not is_store_image(workload.image()):
        return
    mounts = list(workload.mounts())
    unknown = subject.reader.unknown is not None
    if not unknown and not any(_holds_data(mount) for mount in mounts):
        yield "volumes: no named volume: the data goes with the container"
    for mount in mounts:
        if not mount.read_only and mount.kind in ("bind", "anonymous"):
            yield f"{mount.where}: {'a folder of the host' if mount.kind == 'bind' else 'an anonymous volume'}"


def _holds_data(mount: Mount) -> bool:
    return mount.kind == "volume" and not mount.read_only


RULE = ResourceRule(
    name="require-named-volume",
    description="Data lies on named volumes.",
    why="A replaced container loses its layer and its anonymous volumes. A folder of the host has other owners and "
    "modes, and nobody protects it.",
    remedy="Declare a `docker.Volume` with protect and retain_on_delete and mount it by `volumeName`",
    severity=Severity.HIGH,
    types=CONTAINERS,
    check=_check,
)
