"""Refuses containers that publish whatever their image exposes: nobody can read off which ports those are."""

from __future__ import annotations

from collections.abc import Iterator

from policies.containers import CONTAINER, Workload
from policies.rule import ResourceRule, Settings, Severity, Subject


def _check(subject: Subject, _: Settings) -> Iterator[str]:
    if Workload(subject).get("publishAllPorts") not in (None, False, "", "false"):
        yield "publishAllPorts: every port that the image exposes is published on a random port of every address"


RULE = ResourceRule(
    name="refuse-publish-all-ports",
    description="Published ports are declared one by one.",
    why="`publishAllPorts` publishes every port that the image exposes on random ports of every address, data ports "
    "among them, and outside every tier's range.",
    remedy="List each port with `internal`, `external` and `ip`",
    severity=Severity.CRITICAL,
    types=frozenset({CONTAINER}),
    check=_check,
)
