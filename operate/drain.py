"""Waits until the sessions of one PostgreSQL login have ended, for a rotation that is about to lock it.

Run as `python -m operate.drain`, with everything in the environment, so that no password is in a command line: PGHOST,
PGPORT, PGUSER, PGPASSWORD and PGDATABASE of the admin, DRAIN_LOGIN and DRAIN_SECONDS.

Sessions that do nothing are ended, by which no transaction is lost: their client connects again, with what its secret
file says by then. Who is busy is left to finish, and who has come back with the old password isn't sent away twice.
What is still open when the time is over stays so and is counted: a locked login can't be opened anew.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import psycopg

_USAGE: Final = 2
_GRACE: Final = 2.0  # seconds in which a client may still use what it has just read from the old file
_PAUSE: Final = 0.25
_LOCK: Final = "SELECT pg_try_advisory_lock(hashtext('data-tier drain'), hashtext(%s))"
_NOW: Final = "SELECT clock_timestamp()"
_COUNT: Final = "SELECT count(*) FROM pg_stat_activity WHERE usename = %s AND backend_type = 'client backend'"
# A second: long enough that a client in the middle of its work isn't met.
_END_IDLE: Final = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE usename = %s AND state = 'idle' AND backend_start < %s
       AND state_change < clock_timestamp() - interval '1 second'"""


def drain(
    server: psycopg.Connection[Any],
    login: str,
    seconds: float,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], object] = time.sleep,
) -> int:
    """How many sessions of `login` are left when all have ended or the time is over. Raises psycopg.Error."""
    began = _one(server, _NOW)
    start = clock()
    while True:
        left = int(_one(server, _COUNT, login))
        passed = clock() - start
        if passed >= _GRACE and (left == 0 or passed >= seconds):
            return left
        if passed >= _GRACE:
            server.execute(_END_IDLE, (login, began))
        sleep(_PAUSE)


def _one(server: psycopg.Connection[Any], query: str, *values: Any) -> Any:
    row = server.execute(query.encode(), values or None).fetchone()
    if row is None:
        raise psycopg.InternalError("the server answered nothing")
    return row[0]


def main(environment: Mapping[str, str]) -> int:
    """Drain what `environment` names; the exit code. Errors name the login and the server, never a password."""
    try:
        login, seconds = environment["DRAIN_LOGIN"], float(environment["DRAIN_SECONDS"])
        where = f"{environment['PGHOST']}:{environment['PGPORT']}"
    except KeyError as error:
        print(f"{error.args[0]} is not set in the environment", file=sys.stderr)
        return _USAGE
    try:
        with psycopg.connect(autocommit=True, connect_timeout=10, application_name="data-tier drain") as server:
            if not _one(server, _LOCK, login):
                print(f"another rotation waits for the sessions of {login}: let it end first", file=sys.stderr)
                return 1
            left = drain(server, login, seconds)
    except psycopg.Error as error:
        said = str(error).strip().splitlines()
        reason = said[0] if said else type(error).__name__
        print(f"cannot wait for the sessions of {login} on {where}: {reason}", file=sys.stderr)
        return 1
    if left:
        print(f"{left} sessions of {login} are still open: it is locked, and they end with their clients")
    return 0


if __name__ == "__main__":
    sys.exit(main(os.environ))
