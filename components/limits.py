"""The limits of an app's logins: which there are, in which unit, who sets them, how a role carries what was declared.

Pure, and without any import of the project, because the watchdog's container has this file alone. Numbers are
milliseconds for times and kB for sizes, as pg_settings has them. What the stack file calls them belongs to
`config.models`.

What was declared stands in the role's comment: an app can set its own role to other values, but can't comment on it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Final

TIMES: Final = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "idle_session_timeout")
SIZES: Final = ("work_mem", "temp_file_limit")
BY_PROVIDER: Final = ("statement_timeout", "idle_in_transaction_session_timeout")  # fields of the official Role
BY_COMMAND: Final = tuple(name for name in (*TIMES, *SIZES) if name not in BY_PROVIDER)
MARK: Final = "data-tier limits "

_WRITTEN: Final = re.compile(r"\s*(-?[0-9]*\.?[0-9]+)\s*([A-Za-z]*)\s*")
_TIMES: Final = {"": 1.0, "us": 0.001, "ms": 1.0, "s": 1e3, "min": 60e3, "h": 3600e3, "d": 86400e3}
_SIZES: Final = {"": 1.0, "B": 1 / 1024, "kB": 1.0, "MB": 1024.0, "GB": 1024.0**2, "TB": 1024.0**3}


def comment(app: str, connections: int, declared: Mapping[str, int]) -> str:
    """The comment of a login of `app`; `connections` is what all its logins may have together."""
    content = {"app": app, "connections": connections, **{name: declared[name] for name in sorted(declared)}}
    return MARK + json.dumps(content)


def declared_in(text: str | None) -> dict[str, str | int]:
    """What `comment` wrote; empty for any other comment and for none."""
    if not text or not text.startswith(MARK):
        return {}
    try:
        found = json.loads(text.removeprefix(MARK))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def written(name: str, number: int) -> str:
    """A limit as ALTER ROLE takes it."""
    return f"{number}{'ms' if name in TIMES else 'kB'}"


def number_of(name: str, text: str) -> int | None:
    """The number of a limit as somebody wrote it for PostgreSQL, None for what it can't be."""
    match = _WRITTEN.fullmatch(text)
    unit = (_TIMES if name in TIMES else _SIZES).get(match[2]) if match else None
    return None if match is None or unit is None else round(float(match[1]) * unit)


def changed(settings: list[str] | None, declared: Mapping[str, str | int]) -> dict[str, tuple[int, str | None]]:
    """Each limit that a role doesn't have as declared: the declared number, and what the role has instead, if anything.

    `settings` is pg_roles.rolconfig.
    """
    has = dict(entry.split("=", 1) for entry in settings or ())
    limits = {name: int(number) for name, number in declared.items() if name in (*TIMES, *SIZES)}
    return {
        name: (number, has.get(name))
        for name, number in limits.items()
        if name not in has or number_of(name, has[name]) != number
    }
