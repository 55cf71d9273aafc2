"""Refuses containers that may take all of the host's memory. One-shots are left alone."""

from __future__ import annotations

from collections.abc import Iterator

from policies.containers import CONTAINERS, Workload
from policies.rule import ResourceRule, Settings, Severity, Subject

_LATER = object()


def _check(subject: Subject, _: Settings) -> Iterator[str]:
    workload = Workload(subject)
    if workload.one_shot():
        return
    if workload.swarm:
        where = "taskSpec.resources.limits.memoryBytes"
        limits = subject.reader.path(workload.task("resources"), "limits")
        limit = subject.reader.get(limits, "memoryBytes", _LATER)
    else:
        where, limit = "memory", workload.get("memory", unknown=_LATER)
    if limit is not _LATER and not _positive(limit):
        yield f"{where}: no limit"


def _positive(limit: object) -> bool:
    try:
        return float(str(limit)) > 0
    except ValueError:
        return False


RULE = ResourceRule(
    name="require-memory-limit",
    description="Every container has a memory limit.",
    why="Without one, a single app makes the kernel kill any process of the host, a database among them.",
    remedy="Set `memory` (and `memorySwap` to the same value, or every run shows an update)",
    severity=Severity.MEDIUM,
    types=CONTAINERS,
    check=_check,
)
