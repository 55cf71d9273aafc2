"""Requires a connection limit on each role that may log in.

0 passes: nobody connects at all, which is how a retired app's logins are locked.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.rule import ResourceRule, Settings, Severity, Subject
from policies.rules.postgresql._types import ROLE
from policies.scalars import is_on, whole_number

_NOT_KNOWN: Final = object()


def _check(subject: Subject, settings: Settings) -> Iterator[str]:
    """A role can't log in unless it says so; one of which that isn't known yet is asked again."""
    if not is_on(subject.get("login")):
        return
    value = subject.get("connectionLimit", unknown=_NOT_KNOWN)
    limit = whole_number(value)
    if value is _NOT_KNOWN:
        return
    if limit is None or limit < 0:
        yield "connectionLimit: a role that may log in has no limit (missing or -1 is none)"
    elif limit > settings["maximum"]:
        yield f"connectionLimit: {limit} is above {settings['maximum']}, which is as good as none"


RULE = ResourceRule(
    name="require-connection-limit",
    description="Every role that may log in has a connection limit.",
    why="Without it one app with a leaking pool takes all connections of the server, and every other app is down.",
    remedy="Set `connectionLimit` to the login's share of the server's connections",
    severity=Severity.HIGH,
    types=frozenset({ROLE}),
    settings={
        "maximum": {
            "type": "integer",
            "minimum": 0,
            "default": 500,
            "description": "The highest limit that still counts as one.",
        }
    },
    check=_check,
)
