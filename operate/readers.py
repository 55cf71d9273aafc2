"""What readers need and no resource says: privileges on everything that is there already, and a guard on their logins.

Run as `python -m operate.readers guard|grant|revoke`, with everything in the environment, so that no password is in a
command line: PGHOST, PGPORT, PGUSER, PGPASSWORD and PGDATABASE of the admin; for guard READER_LOGINS with commas, for
the others READER, READER_OWNER (who owns what is read) and READER_APP (the group that goes on using functions).

`grant` lets a reader read what the owner has made in whatever schema. It also takes from PUBLIC what would let a reader
write without a privilege on any table: the owner's functions, of which a SECURITY DEFINER one acts as the owner, and
the making of large objects. The app's group and the owner keep both. `revoke` takes a reader's privileges back.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Final

import psycopg
from psycopg import errors, sql

from operate import step
from operate.step import Environment

_TRIES: Final = 5
_PAUSE: Final = 0.5  # seconds
# what a migration changes meanwhile: dropped after it was listed, or the same row of the catalogue
_AGAIN: Final = (errors.UndefinedTable, errors.UndefinedObject, errors.UndefinedFunction, errors.InvalidSchemaName)
_LARGE_OBJECTS: Final = ("lo_creat(integer)", "lo_create(oid)", "lo_from_bytea(oid, bytea)")
_SCHEMAS: Final = """
    SELECT n.nspname FROM pg_namespace n
     WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
       AND (n.nspowner = %(owner)s::regrole
            OR EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = n.oid AND c.relowner = %(owner)s::regrole))
     ORDER BY 1"""
_RELATIONS: Final = """
    SELECT CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, n.nspname, c.relname
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relowner = %(owner)s::regrole AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND n.nspname !~ '^pg_'
     ORDER BY 2, 3"""
_ROUTINES: Final = """
    SELECT format('%%I.%%I(%%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid))
      FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
     WHERE p.proowner = %(owner)s::regrole
     ORDER BY 1"""

Connection = psycopg.Connection[Any]


def guard(server: Connection, logins: Sequence[str]) -> None:
    """Let transactions of `logins` begin read-only. Raises psycopg.Error."""
    for login in logins:
        server.execute(sql.SQL("ALTER ROLE {} SET default_transaction_read_only = on").format(sql.Identifier(login)))


def grant(server: Connection, reader: str, owner: str, app: str) -> None:
    """Let `reader` read all that `owner` has, and write nothing by way of what PUBLIC may. Raises psycopg.Error."""
    _on_everything(server, "GRANT SELECT ON {kind} {name} TO {reader}", "GRANT USAGE", "TO", reader, owner)
    users = sql.SQL(", ").join((sql.Identifier(app), sql.Identifier(owner)))
    for routine in [*_listed(server, _ROUTINES, owner), *((f"pg_catalog.{one}",) for one in _LARGE_OBJECTS)]:
        name = sql.SQL(routine[0])  # quoted by the server, or a constant of this module
        server.execute(sql.SQL("GRANT EXECUTE ON ROUTINE {} TO {}").format(name, users))
        server.execute(sql.SQL("REVOKE EXECUTE ON ROUTINE {} FROM PUBLIC").format(name))


def revoke(server: Connection, reader: str, owner: str, app: str) -> None:  # noqa: ARG001 - the counterpart of grant
    """Take back what `reader` may read here, and what it would be let read later. Raises psycopg.Error.

    What the owner makes later comes first: a table made between the two would keep the role from being deleted.
    """
    for kind in ("TABLES", "SEQUENCES", "SCHEMAS"):
        statement = sql.SQL("ALTER DEFAULT PRIVILEGES FOR ROLE {} REVOKE ALL ON {} FROM {}")
        server.execute(statement.format(sql.Identifier(owner), sql.SQL(kind), sql.Identifier(reader)))
    _on_everything(server, "REVOKE ALL ON {kind} {name} FROM {reader}", "REVOKE ALL", "FROM", reader, owner)


def _on_everything(server: Connection, relation: str, schema: str, direction: str, reader: str, owner: str) -> None:
    role = sql.Identifier(reader)
    for (name,) in _listed(server, _SCHEMAS, owner):
        statement = sql.SQL(f"{schema} ON SCHEMA {{}} {direction} {{}}")
        server.execute(statement.format(sql.Identifier(name), role))
    for kind, space, name in _listed(server, _RELATIONS, owner):
        one = sql.SQL(relation)
        server.execute(one.format(kind=sql.SQL(kind), name=sql.Identifier(space, name), reader=role))


def _listed(server: Connection, query: str, owner: str) -> list[tuple[Any, ...]]:
    return server.execute(query.encode(), {"owner": owner}).fetchall()


def _again(work: Callable[[Connection], None], pause: Callable[[float], object] = time.sleep) -> None:
    """Do `work` in one transaction, anew where it met a migration. Raises psycopg.Error."""
    for attempt in range(_TRIES):
        try:
            with psycopg.connect(connect_timeout=10, application_name="data-tier readers") as server:
                work(server)
            return
        except (*_AGAIN, errors.InternalError_, errors.DeadlockDetected):
            if attempt == _TRIES - 1:
                raise
            pause(_PAUSE)


def _guard(environment: Environment) -> None:
    logins = environment["READER_LOGINS"].split(",")
    with _told("guard", environment):
        _again(lambda server: guard(server, logins))


def _grant(environment: Environment) -> None:
    its = _its(environment)
    with _told("grant", environment):
        _again(lambda server: grant(server, *its))


def _revoke(environment: Environment) -> None:
    its = _its(environment)
    with _told("revoke", environment):
        _again(lambda server: revoke(server, *its))


def _its(environment: Environment) -> tuple[str, str, str]:
    return environment["READER"], environment["READER_OWNER"], environment["READER_APP"]


def _told(what: str, environment: Environment) -> AbstractContextManager[None]:
    where = f"{environment['PGDATABASE']} on {step.server(environment)}"
    return step.telling(f"cannot {what} readers in {where}", psycopg.Error)


STEPS: Final = {"guard": _guard, "grant": _grant, "revoke": _revoke}


if __name__ == "__main__":
    sys.exit(step.main("readers", STEPS, sys.argv[1:], os.environ))
