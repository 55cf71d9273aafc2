"""Warns of grants of ALL: what it means grows with each version, and holds what an app never needs."""

from __future__ import annotations

from collections.abc import Iterator

from policies.rule import Level, ResourceRule, Settings, Severity, Subject
from policies.rules.postgresql._types import GRANTS


def _check(subject: Subject, _: Settings) -> Iterator[str]:
    for at, privilege in subject.reader.items(subject.props, "privileges"):
        if str(privilege).strip().upper().split()[:1] == ["ALL"]:
            yield f"privileges[{at}]: ALL holds TRUNCATE, TRIGGER and CREATE too"


RULE = ResourceRule(
    name="refuse-all-privileges",
    description="Grants name their privileges instead of ALL.",
    why="ALL on a database or schema lets an app create objects there, ALL on tables lets it empty them and hang "
    "triggers on them; PostgreSQL 17 added MAINTAIN to it. Advisory: the app stays in its own database.",
    remedy="List the privileges that the app uses",
    severity=Severity.MEDIUM,
    level=Level.ADVISORY,
    types=GRANTS,
    check=_check,
)
