"""What the role that makes backups needs and no resource says: the functions that mark one, and to enter databases.

Run as `python -m operate.backup_role grant`, with everything in the environment, so that no password is in a command
line: PGHOST, PGPORT, PGUSER, PGPASSWORD and PGDATABASE of the admin, BACKUP_ROLE, BACKUP_DATABASES (JSON, a list).
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from typing import Any, Final

import psycopg
from psycopg import sql

from operate import step
from operate.step import Environment

# pgBackRest's own list for a role that is no superuser
_FUNCTIONS: Final = """
    SELECT oid::regprocedure::text FROM pg_proc
     WHERE pronamespace = 'pg_catalog'::regnamespace
       AND proname IN ('pg_backup_start', 'pg_backup_stop', 'pg_switch_wal', 'pg_create_restore_point')"""


def grant(server: psycopg.Connection[Any], role: str, databases: Sequence[str]) -> None:
    """Let `role` mark backups and enter `databases`, as far as they are there. Raises psycopg.Error."""
    name = sql.Identifier(role)
    for (function,) in server.execute(_FUNCTIONS).fetchall():
        server.execute(sql.SQL("GRANT EXECUTE ON FUNCTION {} TO {}").format(sql.SQL(function), name))
    there = {row[0] for row in server.execute("SELECT datname FROM pg_database").fetchall()}
    for database in databases:
        if database in there:
            server.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(sql.Identifier(database), name))


def _grant(environment: Environment) -> None:
    role, databases = environment["BACKUP_ROLE"], json.loads(environment["BACKUP_DATABASES"])
    with (
        step.telling(f"cannot let {role} make backups on {step.server(environment)}", psycopg.Error),
        psycopg.connect(connect_timeout=10, application_name="data-tier backup role") as server,
    ):
        grant(server, role, databases)


STEPS: Final = {"grant": _grant}


if __name__ == "__main__":
    sys.exit(step.main("backup_role", STEPS, sys.argv[1:], os.environ))
