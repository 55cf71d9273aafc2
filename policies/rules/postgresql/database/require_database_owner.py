"""Requires an owner for each database: without one it is the provider's own login, mostly a superuser."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.rule import ResourceRule, Settings, Severity, Subject
from policies.rules.postgresql._types import DATABASE
from policies.scalars import identifier

_NOT_KNOWN: Final = "not known yet"


def _check(subject: Subject, _: Settings) -> Iterator[str]:
    if not identifier(subject.get("owner", unknown=_NOT_KNOWN)):
        yield "owner: none is set, so the provider's login owns the database"


RULE = ResourceRule(
    name="require-database-owner",
    description="Every database names its owner.",
    why="The provider's login is a role that may log in; what it owns can't be migrated without it.",
    remedy="Set `owner` to a role without login",
    severity=Severity.MEDIUM,
    types=frozenset({DATABASE}),
    check=_check,
)
