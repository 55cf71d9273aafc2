"""Looks at a PostgreSQL server that somebody else runs, before anything is made there, and joins its admin to roles.

Run as `python -m operate.external_server check|join`, with everything in the environment, so that no password is in a
command line: PGHOST, PGHOSTADDR, PGPORT, PGSSLMODE, PGSSLROOTCERT, PGUSER, PGPASSWORD and PGDATABASE of the admin; for
check EXTERNAL_DATABASE, EXTERNAL_OWNER and EXTERNAL_EXTENSIONS (a JSON list), for join EXTERNAL_ROLE.

`check` changes nothing and says all that is wrong at once. `join` makes the admin, who made a role and needn't be a
superuser, a member of it.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import psycopg
from psycopg import sql

from operate.errors import OperateError
from operate.extensions import missing

_USAGE: Final = 2
_OLDEST: Final = 150000  # schema public belongs to the database's owner, whose rights the grants follow from
_ADMIN: Final = "SELECT rolsuper OR rolcreaterole, rolsuper OR rolcreatedb FROM pg_roles WHERE rolname = current_user"
_OWNER: Final = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = %s"

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


def _run(command: str, environment: Mapping[str, str]) -> None:
    with psycopg.connect(autocommit=True, connect_timeout=10, application_name="data-tier external") as server:
        if command == "join":
            join(server, environment["EXTERNAL_ROLE"])
            return
        database, owner = environment["EXTERNAL_DATABASE"], environment["EXTERNAL_OWNER"]
        found = list(faults(server, database, owner, json.loads(environment["EXTERNAL_EXTENSIONS"])))
    if found:
        raise OperateError("; ".join(found))


def main(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Do what `arguments` say; the exit code. Errors name the server and the admin, never a password."""
    if len(arguments) != 1 or arguments[0] not in {"check", "join"}:
        print("usage: python -m operate.external_server check|join", file=sys.stderr)
        return _USAGE
    try:
        where = f"{environment['PGUSER']} on {environment['PGHOST']}:{environment['PGPORT']}"
        _run(arguments[0], environment)
    except KeyError as error:
        print(f"{error.args[0]} is not set in the environment", file=sys.stderr)
        return _USAGE
    except (OperateError, psycopg.Error) as error:
        said = [line.strip() for line in str(error).strip().splitlines()]
        print(f"{where}: {said[-1] if said else type(error).__name__}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
