"""Refuses an app on the volume that a store writes to, by the volume's name or through another container."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from policies.containers import CONTAINERS, Workload
from policies.networks import quietly
from policies.rule import Finding, Settings, Severity, StackRule, Subject


def _check(subjects: Sequence[Subject], _: Settings) -> Iterator[Finding]:
    """Volumes first: what only one container mounts needs no look at what that is."""
    workloads = [Workload(subject) for subject in subjects if subject.type in CONTAINERS]
    users: dict[str, list[tuple[str, bool, Workload]]] = {}
    for workload, mounts in zip(workloads, _mounts(workloads), strict=True):
        for volume, (where, written) in mounts.items():
            users.setdefault(volume, []).append((where, written, workload))
    for shared in users.values():
        stores = [one for _, written, one in shared if written and len(shared) > 1 and one.is_store()]
        for where, _written, workload in shared if stores else ():
            if not workload.is_store():
                yield Finding(f"{where}: an app is on the volume of a data container", workload.subject.urn)


def _mounts(workloads: Sequence[Workload]) -> Iterator[Mapping[str, tuple[str, bool]]]:
    """For each container its volumes, where it has them from and whether it writes to them."""
    own = [
        {
            str(mount.source): (mount.where, not mount.read_only)
            for mount in workload.mounts()
            if mount.kind == "volume" and mount.source
        }
        for workload in workloads
    ]
    names = {str(quietly(one.subject, key) or ""): at for at, one in enumerate(workloads) for key in ("name", "id")}
    for at, workload in enumerate(workloads):
        found = dict(own[at])
        for where, name in _sources(workload):
            for other in _chain(names.get(name), workloads, names):
                for volume, (_, written) in own[other].items():
                    found.setdefault(volume, (where, written))
        yield found


def _sources(workload: Workload) -> Iterator[tuple[str, str]]:
    """Where it takes over all volumes of another container, and that container's name."""
    for at, one in workload.reader.items(workload.get(), "volumes") if not workload.swarm else ():
        name = workload.reader.get(one, "fromContainer")
        if isinstance(name, str) and name.strip("/ "):
            yield f"volumes[{at}]", name.lstrip("/").partition(":")[0]


def _chain(start: int | None, workloads: Sequence[Workload], names: Mapping[str, int]) -> set[int]:
    """The container at `start` and those that it takes over volumes from, to their end."""
    found: set[int] = set()
    todo = [start]
    while todo:
        at = todo.pop()
        if at is not None and at not in found:
            found.add(at)
            todo += [names.get(name) for _, name in _sources(workloads[at])]
    return found


RULE = StackRule(
    name="refuse-shared-data-volume",
    description="No app mounts the volume that a data container writes to.",
    why="Whoever reads the files has all data of all apps without a login, and whoever writes them breaks the store.",
    remedy="Let the app log in to the store, and mount its data in the store's own container alone",
    severity=Severity.CRITICAL,
    check=_check,
)
