"""Waits until the sessions of one PostgreSQL login have ended, for a rotation that is about to lock it.

Run as `python -m operate.drain`, with everything in the environment, so that no password is in a command line: PGHOST,
PGPORT, PGUSER, PGPASSWORD and PGDATABASE of the admin, DRAIN_LOGIN, DRAIN_SECONDS, and DRAIN_POOLER, the container of
the pooler where one is in front: its clients count too, and sessions without clients are idle.

Sessions that do nothing are ended, by which no transaction is lost: their client connects again, with what its secret
file says by then. Who is busy is left to finish, and who has come back with the old password isn't sent away twice.
What is still open when the time is over stays so and is counted: a locked login can't be opened anew.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from typing import Any, Final, Protocol

import psycopg

from operate import step
from operate.errors import OperateError
from operate.step import Environment

_GRACE: Final = 2.0  # seconds in which a client may still use what it has just read from the old file
_PAUSE: Final = 0.25
_IDLE: Final = 1  # seconds: long enough that a client in the middle of its work isn't met
_LOCK: Final = "SELECT pg_try_advisory_lock(hashtext('data-tier drain'), hashtext(%s))"
_NOW: Final = "SELECT clock_timestamp()"
_COUNT: Final = "SELECT count(*) FROM pg_stat_activity WHERE usename = %s AND backend_type = 'client backend'"
_END_IDLE: Final = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE usename = %s AND state = 'idle' AND backend_start < %s
       AND state_change < clock_timestamp() - make_interval(secs => %s)"""


class Pooled(Protocol):
    """The login's clients at a pooler."""

    def count(self) -> int:
        """How many are connected."""

    def end_idle(self, seconds: int) -> None:
        """Disconnect those that are idle for so long from now on; 0 for none."""


def drain(
    server: psycopg.Connection[Any],
    login: str,
    seconds: float,
    pooled: Pooled | None = None,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], object] = time.sleep,
) -> int:
    """How many sessions of `login`, or clients where these are more, are left when all have ended or the time is over.

    Raises psycopg.Error or OperateError.
    """
    began, start, told = _one(server, _NOW), clock(), False
    try:
        while True:
            clients, sessions = pooled.count() if pooled else 0, int(_one(server, _COUNT, login))
            left, passed = max(clients, sessions), clock() - start
            if passed >= _GRACE and (left == 0 or passed >= seconds):
                return left
            if passed >= _GRACE:
                if pooled and not told:
                    pooled.end_idle(_IDLE)
                    told = True
                # a pooler has made sessions for clients that were busy: without clients all may go
                server.execute(_END_IDLE, (login, "infinity" if pooled and not clients else began, _IDLE))
            sleep(_PAUSE)
    finally:
        if pooled and told:
            pooled.end_idle(0)


def _one(server: psycopg.Connection[Any], query: str, *values: Any) -> Any:
    row = server.execute(query.encode(), values or None).fetchone()
    if row is None:
        raise psycopg.InternalError("the server answered nothing")
    return row[0]


def _pooled(environment: Environment, login: str) -> Pooled | None:
    """Raises OperateError where the pooler doesn't run."""
    from operate import daemon
    from operate.pooler_console import Clients

    name = environment.get("DRAIN_POOLER")
    return Clients(daemon.running(daemon.connect(), name), login) if name else None


def carry_out(environment: Environment) -> None:
    """Drain what `environment` names. Raises OperateError."""
    login, seconds = environment["DRAIN_LOGIN"], float(environment["DRAIN_SECONDS"])
    what = f"cannot wait for the sessions of {login} on {step.server(environment)}"
    with (
        step.telling(what, psycopg.Error),
        psycopg.connect(autocommit=True, connect_timeout=10, application_name="data-tier drain") as server,
    ):
        if not _one(server, _LOCK, login):
            raise OperateError(f"another rotation waits for the sessions of {login}: let it end first")
        left = drain(server, login, seconds, _pooled(environment, login))
    if left:
        print(f"{left} sessions of {login} are still open: it is locked, and they end with their clients")


if __name__ == "__main__":
    sys.exit(step.run(carry_out, os.environ))
