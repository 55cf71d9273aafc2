"""Looks at a PostgreSQL server that somebody else runs, before anything is made there, and joins its admin to roles.

Run as `python -m operate.external_server check|join`, with everything in the environment, so that no password is in a
command line. For join: PGHOST, PGHOSTADDR, PGPORT, PGSSLMODE, PGSSLROOTCERT, PGUSER, PGPASSWORD and PGDATABASE of the
admin, and EXTERNAL_ROLE. For check: PGPASSWORD, the others as one JSON object in EXTERNAL_SERVER, and EXTERNAL_ASKED,
another one: app, database, owner, extensions.

`check` changes nothing and says all that is wrong at once. `join` makes the admin, who made a role and needn't be a
superuser, a member of it.
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
from psycopg.conninfo import make_conninfo

from operate import step
from operate.errors import OperateError
from operate.extensions import missing
from operate.step import Environment

_OLDEST: Final = 150000  # schema public belongs to the database's owner, whose rights the grants follow from
_ADMIN: Final = "SELECT rolsuper OR rolcreaterole, rolsuper OR rolcreatedb FROM pg_roles WHERE rolname = current_user"
_OWNER: Final = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = %s"

_PARAMETERS: Final = {
    "PGHOST": "host",
    "PGHOSTADDR": "hostaddr",
    "PGPORT": "port",
    "PGSSLMODE": "sslmode",
    "PGSSLROOTCERT": "sslrootcert",
    "PGUSER": "user",
    "PGDATABASE": "dbname",
}

Server = psycopg.Connection[Any]


def faults(server: Server, database: str, owner: str, extensions: Sequence[str]) -> Iterator[str]:
    """Everything for which `database` can't be made here, or isn't this stack's. Raises psycopg.Error."""
    if server.info.server_version < _OLDEST:
        yield f"it is PostgreSQL {server.info.server_version // 10000}, and at least 15 is needed"
    if _one(server, "SELECT pg_is_in_recovery()"):
        yield "it is a standby, which takes no changes: name the primary"
    roles, databases = _row(server, _ADMIN)
    if not roles or not databases:
        lacking = " and ".join(word for word, has in (("CREATEROLE", roles), ("CREATEDB", databases)) if not has)
        yield f"{server.info.user} lacks {lacking}"
    found = _one(server, _OWNER, database)
    if found not in (None, owner):
        yield f"there is a database {database} already, which belongs to {found}: choose another name"
    if lacking := missing(server, extensions):
        yield lacking


def join(server: Server, role: str) -> None:
    """Make who is logged in a member of `role`, with its rights. Raises psycopg.Error."""
    server.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(sql.Identifier(role)))


def _row(server: Server, query: str, *values: Any) -> tuple[Any, ...]:
    row = server.execute(query.encode(), values or None).fetchone()
    return tuple(row) if row else (None, None)


def _one(server: Server, query: str, *values: Any) -> Any:
    return _row(server, query, *values)[0]


def _join(environment: Environment) -> None:
    role = environment["EXTERNAL_ROLE"]
    with _telling(role, environment), _connected({}) as server:
        join(server, role)


def _check(environment: Environment) -> None:
    told, asked = json.loads(environment["EXTERNAL_SERVER"]), json.loads(environment["EXTERNAL_ASKED"])
    with _telling(f"data-tier:apps.{asked['app']}.postgres.server.external", told):
        with _connected(told) as server:
            found = list(faults(server, asked["database"], asked["owner"], asked["extensions"]))
        if found:
            raise OperateError("; ".join(found))


@contextmanager
def _telling(about: str, told: Environment) -> Iterator[None]:
    """Errors name what it is about, the admin and the server, never a password."""
    where = f"{about}: {told['PGUSER']} on {step.server(told)}"
    try:
        yield
    except (OperateError, psycopg.Error) as error:
        raise OperateError(f"{where}: {_reason(error)}") from None


def _connected(told: Mapping[str, str]) -> Server:
    """A connection by what was `told`, and by the environment."""
    given = make_conninfo("", **{_PARAMETERS[name]: value for name, value in told.items()})
    return psycopg.connect(given, autocommit=True, connect_timeout=10, application_name="data-tier external")


def _reason(error: Exception) -> str:
    """The first line that says why; what libpq tried comes before it, and its advice after it."""
    lines = [line.strip("- \t") for line in str(error).splitlines() if line.strip()]
    return next((line for line in lines if not line.startswith("Multiple connection")), type(error).__name__)


STEPS: Final = {"check": _check, "join": _join}


if __name__ == "__main__":
    sys.exit(step.main("external_server", STEPS, sys.argv[1:], os.environ))
