"""Refuses data containers that nobody asks whether they answer."""

from __future__ import annotations

from collections.abc import Iterator

from policies.containers import CONTAINERS, Workload
from policies.rule import ResourceRule, Settings, Severity, Subject

_LATER = object()


def _check(subject: Subject, _: Settings) -> Iterator[str]:
    workload = Workload(subject)
    if workload.one_shot() or not workload.is_store():
        return
    tests = workload.get("healthcheck", "tests", unknown=_LATER)
    if tests is _LATER:
        return
    words = [str(word).strip() for _, word in subject.reader.each(tests)]
    command = [word for word in words if word and word not in ("CMD", "CMD-SHELL")]
    if not command or command[0].upper() == "NONE":
        yield "healthcheck.tests: nothing asks whether the store answers"


RULE = ResourceRule(
    name="require-health-check",
    description="Every data container has a health check.",
    why="What depends on the store would start too early, and `up` would report a success that isn't one. Test over "
    "TCP: PostgreSQL's socket already answers while it is being initialized.",
    remedy="Declare `healthcheck.tests` over the path that clients use",
    severity=Severity.LOW,
    types=CONTAINERS,
    check=_check,
)
