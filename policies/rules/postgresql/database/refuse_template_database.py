"""Warns of a database that is marked as a template: whoever may create databases may copy it."""

from __future__ import annotations

from collections.abc import Iterator

from policies.rule import Level, ResourceRule, Settings, Severity, Subject
from policies.rules.postgresql._types import DATABASE
from policies.scalars import is_on


def _check(subject: Subject, _: Settings) -> Iterator[str]:
    if is_on(subject.get("isTemplate")):
        yield "isTemplate: any role with createDatabase may copy the database with its data"


RULE = ResourceRule(
    name="refuse-template-database",
    description="No database with data is a template.",
    why="A copy of a template needs no right on it. Advisory: roles with createDatabase are refused by a rule of their "
    "own.",
    remedy="Remove `isTemplate`",
    severity=Severity.MEDIUM,
    level=Level.ADVISORY,
    types=frozenset({DATABASE}),
    check=_check,
)
