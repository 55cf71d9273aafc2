"""Refuses a database that begins as a copy of another one, with all its data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.rule import ResourceRule, Settings, Severity, Subject, names
from policies.rules.postgresql._types import DATABASE
from policies.scalars import identifier

_EMPTY: Final = frozenset({"", "default", "template0", "template1"})


def _check(subject: Subject, settings: Settings) -> Iterator[str]:
    if identifier(subject.get("template")) not in _EMPTY | {identifier(one) for one in settings["allow"]}:
        yield "template: the database begins as a copy of another one"


RULE = ResourceRule(
    name="refuse-copied-database",
    description="Databases begin empty.",
    why="The provider's login may copy any database: an app would own another app's data, whatever is granted there.",
    remedy="Use template0, or list the template under `allow` once somebody has seen what is in it",
    severity=Severity.HIGH,
    types=frozenset({DATABASE}),
    settings={"allow": names("Templates that hold no app's data.")},
    check=_check,
)
