"""Refuses functions that run as somebody else or outside of SQL's checks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.rule import ResourceRule, Settings, Severity, Subject
from policies.rules.postgresql._types import FUNCTION
from policies.scalars import identifier, is_on

_SAFE: Final = frozenset({"", "sql", "plpgsql"})  # "" is the provider's default: plpgsql


def _check(subject: Subject, _: Settings) -> Iterator[str]:
    if identifier(subject.get("language")) not in _SAFE:
        yield "language: code of this language isn't held by the server's checks (sql and plpgsql are)"
    if is_on(subject.get("securityDefiner")):
        yield "securityDefiner: the function runs with the rights of the provider's login, mostly a superuser"


RULE = ResourceRule(
    name="refuse-unsafe-function",
    description="Functions are in sql or plpgsql and run as their caller.",
    why="Functions in C or an untrusted language run anything on the host as the server's user. One that runs as its "
    "owner gives each caller the owner's rights, and EXECUTE belongs to PUBLIC from the start.",
    remedy="Write it in sql or plpgsql without `securityDefiner`",
    severity=Severity.HIGH,
    types=frozenset({FUNCTION}),
    check=_check,
)
