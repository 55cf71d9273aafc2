"""Refuses generated passwords that are short or of few classes, by what the provider would make of the settings.

Minimum counts (`minLower` and so on) don't matter: they place characters, they don't add classes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from policies.rule import ResourceRule, Settings, Severity, Subject
from policies.scalars import is_off, whole_number

PASSWORD: Final = "random:index/randomPassword:RandomPassword"
BYTES: Final = "random:index/randomBytes:RandomBytes"
_NOT_KNOWN: Final = object()
_FEWEST_BYTES: Final = 16


def _check(subject: Subject, settings: Settings) -> Iterator[str]:
    fewest = settings["length"] if subject.type == PASSWORD else _FEWEST_BYTES
    value = subject.get("length", unknown=_NOT_KNOWN)
    if value is not _NOT_KNOWN and (whole_number(value) or 0) < fewest:
        yield f"length: fewer than {fewest}"
    if subject.type == PASSWORD and sum(_classes(subject)) < settings["classes"]:
        yield f"lower, upper, numeric, special: fewer than {settings['classes']} classes of characters"


def _classes(subject: Subject) -> Iterator[bool]:
    """Whether each class is used. All are by default; `number` is the older name of `numeric`."""
    for names in (("lower",), ("upper",), ("numeric", "number")):
        yield not any(is_off(subject.get(name)) for name in names)
    yield not is_off(subject.get("special")) and _has_special(subject.get("overrideSpecial"))


def _has_special(override: Any) -> bool:
    """Whether the specials hold one that is no letter or digit; none or "" means the provider's own."""
    return override in (None, "") or any(not (one.isascii() and one.isalnum()) for one in str(override))


RULE = ResourceRule(
    name="refuse-weak-password",
    description="Generated passwords have at least 20 characters of three classes.",
    why="Servers don't limit attempts; a short password is found by trying.",
    remedy="Set `length` to 32 and leave lower, upper and numeric on",
    severity=Severity.HIGH,
    types=frozenset({PASSWORD, BYTES}),
    settings={
        "length": {"type": "integer", "minimum": 1, "default": 20, "description": "The fewest characters."},
        "classes": {
            "type": "integer",
            "minimum": 1,
            "maximum": 4,
            "default": 3,
            "description": "The fewest of lower, upper, numeric and special.",
        },
    },
    check=_check,
)
