"""Refuses data containers that stay away after a crash or a restart of the host."""

from __future__ import annotations

from collections.abc import Iterator

from policies.containers import CONTAINERS, Workload
from policies.rule import ResourceRule, Settings, Severity, Subject

_LATER = object()


def _check(subject: Subject, _: Settings) -> Iterator[str]:
    workload = Workload(subject)
    if workload.one_shot() or not workload.is_store():
        return
    if workload.swarm:
        if str(subject.reader.get(workload.task("restartPolicy"), "condition") or "any").lower() == "none":
            yield "taskSpec.restartPolicy.condition: none"
        return
    policy = workload.get("restart", unknown=_LATER)
    if policy is not _LATER and str(policy or "no").strip().lower() not in ("always", "unless-stopped"):
        yield "restart: the store stays away after a crash or a restart of the host"


RULE = ResourceRule(
    name="require-restart-policy",
    description="Every data container comes back by itself.",
    why="Docker's default is not to restart; `on-failure` isn't started with the daemon.",
    remedy="Set `restart` to unless-stopped or always",
    severity=Severity.LOW,
    types=CONTAINERS,
    check=_check,
)
