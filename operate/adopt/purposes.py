"""What the numbered databases of Redis are for, and their numbers on one server. Pure.

A purpose's name comes from the variables that lead to it (`CELERY_BROKER_URL`), else from its number.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from operate.adopt.names import app as slug
from operate.adopt.uses import Use

_HINTS: Final = (
    ("results", r"RESULT"),
    ("celery", r"CELERY|BROKER"),
    ("queue", r"QUEUE|SIDEKIQ|BULL|JOB|TASK|RESQUE|HORIZON"),
    ("sessions", r"SESSION"),
    ("cache", r"CACHE"),
    ("channels", r"CHANNEL|CABLE|SOCKET|PUBSUB"),
    ("limits", r"LIMIT|THROTTL"),
    ("locks", r"LOCK"),
)
_NUMBERS: Final = 16
Numbered = tuple[str, int]
"""A server's unit and a number on it."""


@dataclass
class Purposes:
    """`names` by where they were, `numbers` by name, `apps` the purposes of each unit with its main one first."""

    names: dict[Numbered, str] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    apps: dict[str, list[str]] = field(default_factory=dict)
    too_many: list[Numbered] = field(default_factory=list)

    def users(self, purpose: str) -> list[str]:
        """The units that use a purpose."""
        return [unit for unit, its in self.apps.items() if purpose in its]


def assign(uses: Iterable[Use]) -> Purposes:
    """A purpose for each number on each server; numbers stay where they are free."""
    wanted, found = list(uses), Purposes()
    for place in dict.fromkeys((use.store, use.number) for use in wanted):
        variables = [name for use in wanted if (use.store, use.number) == place for name in use.variables]
        number = _number(place[1], found.numbers.values())
        if number is None:
            found.too_many.append(place)
            continue
        name = _name(variables, number, place, found.numbers)
        found.names[place], found.numbers[name] = name, number
    found.numbers = dict(sorted(found.numbers.items(), key=lambda one: one[1]))
    for unit in dict.fromkeys(use.unit for use in wanted):
        its = sorted((use for use in wanted if use.unit == unit), key=_main_first)
        names = [found.names[use.store, use.number] for use in its if (use.store, use.number) in found.names]
        if names:
            found.apps[unit] = list(dict.fromkeys(names))
    return found


def _number(wished: int, taken: Iterable[int]) -> int | None:
    used = set(taken)
    return next((one for one in (wished, *range(_NUMBERS)) if one not in used and one < _NUMBERS), None)


def _name(variables: list[str], number: int, place: Numbered, taken: dict[str, int]) -> str:
    hint = next(
        (name for name, told in _HINTS if any(re.search(told, one.upper()) for one in variables)), f"db{number}"
    )
    return hint if hint not in taken else slug(f"{place[0]}-{hint}", taken)


def _main_first(use: Use) -> tuple[bool, int]:
    return "REDIS_URL" not in use.variables, use.number
