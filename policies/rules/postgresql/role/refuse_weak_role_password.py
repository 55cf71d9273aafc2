"""Refuses a password that can be guessed, where it stands in plain: at a role, a provider or a user mapping.

A SCRAM verifier or an MD5 hash doesn't show its password; the rule for generated passwords looks at those.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterator
from typing import Any, Final

from policies.rule import ResourceRule, Settings, Severity, Subject
from policies.rules.postgresql._types import PROVIDER, ROLE, USER_MAPPING

HASHED: Final = re.compile(r"SCRAM-SHA-256\$\d+:[A-Za-z0-9+/=]+\$[A-Za-z0-9+/=]+:[A-Za-z0-9+/=]+|md5[0-9a-f]{32}")
_LONG: Final = 32  # 32 hexadecimal digits are 128 bits: generated passwords of this length may lack a class by chance
_DISTINCT: Final = 8


def _check(subject: Subject, settings: Settings) -> Iterator[str]:
    for where, password in _passwords(subject):
        if password in (None, "") or HASHED.fullmatch(str(password)):
            continue
        text, classes = str(password), _classes(str(password))
        if _unit(text) < len(text) and _unit(text) < settings["length"]:
            yield f"{where}: the password repeats a part of itself"
        if len(text) < settings["length"]:
            yield f"{where}: the password is shorter than {settings['length']} characters"
        if (classes < settings["classes"] and len(text) < _LONG) or len(set(text)) < _DISTINCT:
            yield f"{where}: the password has too few kinds of characters"


def _passwords(subject: Subject) -> Iterator[tuple[str, Any]]:
    """Where each password stands, and it; a missing or empty one means that the role has none."""
    if subject.type == USER_MAPPING:
        options = subject.reader.entries(subject.props, "options")
        yield from ((f"options.{key}", value) for key, value in options if key.strip().lower() == "password")
        return
    for key in ("password", "passwordWo"):
        yield key, subject.get(key)


def _unit(text: str) -> int:
    """The length of the part that the text repeats to its end; its own length where it repeats none."""
    return (text + text).find(text, 1)


def _classes(text: str) -> int:
    """How many of lower, upper, digit and other the text holds."""
    known = (string.ascii_lowercase, string.ascii_uppercase, string.digits)
    return sum(any(one in kind for one in text) for kind in known) + any(one not in "".join(known) for one in text)


RULE = ResourceRule(
    name="refuse-weak-role-password",
    description="Passwords for PostgreSQL have at least 20 characters of three classes.",
    why="Apps reach the server without a limit on attempts; a short password is found by trying.",
    remedy="Let random.RandomPassword make it, with 32 characters",
    severity=Severity.HIGH,
    types=frozenset({ROLE, PROVIDER, USER_MAPPING}),
    settings={
        "length": {"type": "integer", "minimum": 1, "default": 20, "description": "The fewest characters."},
        "classes": {
            "type": "integer",
            "minimum": 1,
            "maximum": 4,
            "default": 3,
            "description": "The fewest of lower, upper, digits and specials, below 32 characters.",
        },
    },
    check=_check,
)
