"""Gives a login of an app the limits that the official Role has no field for, and writes down what was declared.

Run as `python -m operate.role_limits apply|reset`, with everything in the environment, so that no password is in a
command line: PGHOST, PGPORT, PGUSER, PGPASSWORD and PGDATABASE of the admin, LIMITS_ROLE, and for apply LIMITS_APP,
LIMITS_CONNECTIONS and LIMITS_DECLARED: a JSON object of limits in milliseconds and kB.

After `apply` the role has exactly what was declared, as far as it is this command's to set; sessions that are open keep
what they began with. Which limits there are belongs to `components.limits`.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

import psycopg
from psycopg import sql

from components import limits
from operate import step
from operate.step import Environment


def apply(server: psycopg.Connection[Any], role: str, declared: Mapping[str, int], comment: str) -> None:
    """Set what is declared, take back what isn't any more, and note all of it. Raises psycopg.Error."""
    with server.transaction():
        _take_back(server, role, [name for name in limits.BY_COMMAND if name not in declared])
        for name in limits.BY_COMMAND:
            if name in declared:
                _alter(server, role, "SET {} TO {}", sql.Identifier(name), limits.written(name, declared[name]))
        _comment(server, role, comment)


def reset(server: psycopg.Connection[Any], role: str) -> None:
    """Take back what `apply` has set; a role that is gone needs nothing. Raises psycopg.Error."""
    if server.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)).fetchone() is None:
        return
    with server.transaction():
        _take_back(server, role, limits.BY_COMMAND)
        _comment(server, role, None)


def _take_back(server: psycopg.Connection[Any], role: str, names: Sequence[str]) -> None:
    """Only what the role has: temp_file_limit is a superuser's even to reset, and not every admin is one."""
    row = server.execute("SELECT coalesce(rolconfig, '{}') FROM pg_roles WHERE rolname = %s", (role,)).fetchone()
    has = {entry.partition("=")[0] for entry in row[0]} if row else set()
    for name in names:
        if name in has:
            _alter(server, role, "RESET {}", sql.Identifier(name))


def _alter(server: psycopg.Connection[Any], role: str, what: str, *parts: sql.Composable | str) -> None:
    filled = [part if isinstance(part, sql.Composable) else sql.Literal(part) for part in parts]
    change = sql.SQL(what).format(*filled)
    server.execute(sql.SQL("ALTER ROLE {} {}").format(sql.Identifier(role), change))


def _comment(server: psycopg.Connection[Any], role: str, text: str | None) -> None:
    server.execute(sql.SQL("COMMENT ON ROLE {} IS {}").format(sql.Identifier(role), sql.Literal(text)))


def _apply(environment: Environment) -> None:
    declared = {str(name): int(number) for name, number in json.loads(environment["LIMITS_DECLARED"]).items()}
    comment = limits.comment(environment["LIMITS_APP"], int(environment["LIMITS_CONNECTIONS"]), declared)
    with _changing("apply", environment) as (server, role):
        apply(server, role, declared, comment)


def _reset(environment: Environment) -> None:
    with _changing("reset", environment) as (server, role):
        reset(server, role)


@contextmanager
def _changing(what: str, environment: Environment) -> Iterator[tuple[psycopg.Connection[Any], str]]:
    role = environment["LIMITS_ROLE"]
    with (
        step.telling(f"cannot {what} the limits of {role} on {step.server(environment)}", psycopg.Error),
        psycopg.connect(autocommit=True, connect_timeout=10, application_name="data-tier limits") as server,
    ):
        yield server, role


STEPS: Final = {"apply": _apply, "reset": _reset}


if __name__ == "__main__":
    sys.exit(step.main("role_limits", STEPS, sys.argv[1:], os.environ))
