"""Ends what breaks the declared limits of apps' logins, which a session can lift for itself, and says who did.

Runs in a container of its own beside one PostgreSQL server, with nothing but psycopg and `components.limits`; every
WATCHDOG_INTERVAL seconds it looks at the sessions of roles that carry limits in their comment. So what it goes by
stands in the server, where apps can't change it, and no app that comes or goes changes this container.

A line of JSON for each event: who, which limit, how long, and the query's identifier, never its text. What it can't see
is the memory of another session: a raised work_mem shows only where a login was given it for good.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal

import psycopg
from psycopg.rows import dict_row

from components import limits

PASSFILE: Final = "/run/secrets/pgpass"
CA: Final = Path("/run/secrets/ca.crt")
ALIVE: Final = Path("/dev/shm/alive")  # noqa: S108 - the container's own, in memory
_GRACE: Final = 500  # milliseconds: the server's own timer comes first where it is set
_PAUSE: Final = 2.0  # seconds before it connects again
_CANCEL: Final = ("statement_timeout", "lock_timeout")

_SESSIONS: Final = """
    SELECT a.pid, a.usename AS login, a.datname AS database, a.state, a.query_id,
           a.backend_start, a.state_change, a.query_start,
           upper(substring(a.query from '^[[:space:]]*([A-Za-z]+)')) AS command,
           (extract(epoch FROM clock_timestamp() - a.query_start) * 1000)::bigint AS running,
           (extract(epoch FROM clock_timestamp() - a.state_change) * 1000)::bigint AS resting,
           (SELECT (extract(epoch FROM clock_timestamp() - min(l.waitstart)) * 1000)::bigint
              FROM pg_locks l WHERE l.pid = a.pid AND NOT l.granted AND a.wait_event_type = 'Lock') AS waiting,
           shobj_description(a.usesysid, 'pg_authid') AS comment
      FROM pg_stat_activity a
     WHERE a.backend_type = 'client backend' AND shobj_description(a.usesysid, 'pg_authid') LIKE %s"""
_ROLES: Final = """
    SELECT rolname AS login, rolconfig AS settings, shobj_description(oid, 'pg_authid') AS comment
      FROM pg_roles WHERE shobj_description(oid, 'pg_authid') LIKE %s"""
# the same session in the same state: another one may have its process number by now
_ACT: Final = """
    SELECT {}(pid) FROM pg_stat_activity
     WHERE pid = %(pid)s AND backend_start = %(backend_start)s AND state_change = %(state_change)s"""

Deed = Literal["cancelled", "terminated"]
_FUNCTIONS: Final[Mapping[Deed, str]] = {"cancelled": "pg_cancel_backend", "terminated": "pg_terminate_backend"}


@dataclass(frozen=True)
class Breach:
    """A session over one of its limits: what was allowed and what was found, milliseconds or sessions."""

    session: Mapping[str, Any]
    limit: str
    allowed: int
    found: int
    deed: Deed

    @property
    def key(self) -> tuple[Any, ...]:
        """What is the same as long as the session goes on with what it does."""
        return tuple(self.session[name] for name in ("pid", "backend_start", "query_start"))


def breaches(sessions: Sequence[Mapping[str, Any]]) -> Iterator[Breach]:
    """What of the sessions is over its limits, one breach for each session."""
    broken = [found for session in sessions if (found := _breach(session))]
    yield from broken
    yield from _too_many(sessions, {breach.session["pid"] for breach in broken})


def _breach(session: Mapping[str, Any]) -> Breach | None:
    declared = limits.declared_in(session["comment"])
    for name, found in _measured(session).items():
        allowed = int(declared.get(name, 0))
        if allowed and found > allowed + _GRACE:
            return Breach(session, name, allowed, found, "cancelled" if name in _CANCEL else "terminated")
    return None


def _measured(session: Mapping[str, Any]) -> dict[str, int]:
    """How long a session has done what each limit is about, in milliseconds."""
    state = str(session["state"] or "")
    if state == "active":
        waiting = {"lock_timeout": session["waiting"]} if session["waiting"] is not None else {}
        return {"statement_timeout": session["running"], **waiting}
    if state.startswith("idle in transaction"):
        return {"idle_in_transaction_session_timeout": session["resting"]}
    return {"idle_session_timeout": session["resting"]} if state == "idle" else {}


def _too_many(sessions: Sequence[Mapping[str, Any]], leaving: set[int]) -> Iterator[Breach]:
    """Both logins of an app have its connections together: the longest idle of those that are over go.

    PostgreSQL counts each login, and the database with the few for migrations, which would find no place.
    """
    by_app: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for session in sessions:
        app = str(limits.declared_in(session["comment"]).get("app"))
        if session["pid"] not in leaving:
            by_app.setdefault((app, str(session["database"])), []).append(session)
    for its in by_app.values():
        allowed = int(limits.declared_in(its[0]["comment"]).get("connections", 0))
        idle = sorted((one for one in its if one["state"] == "idle"), key=lambda one: -int(one["resting"]))
        for session in idle[: max(0, len(its) - allowed)] if allowed else ():
            yield Breach(session, "connections", allowed, len(its), "terminated")


def told(breach: Breach) -> dict[str, Any]:
    """The event of a breach. The query is named by its first word and the identifier that the server gives it."""
    session = breach.session
    who = {"app": limits.declared_in(session["comment"]).get("app"), "login": session["login"]}
    query = {"command": session["command"], "query_id": session["query_id"]}
    what = {"limit": breach.limit, "allowed": breach.allowed, "found": breach.found}
    return {"event": breach.deed, **who, "database": session["database"], "pid": session["pid"], **what, **query}


@dataclass
class Watchdog:
    """One connection's worth of looking: remembers whom it has cancelled, and which changes it has told."""

    server: psycopg.Connection[Any]
    cancelled: set[tuple[Any, ...]] = field(default_factory=set)
    changes: dict[tuple[str, str], str | None] = field(default_factory=dict)

    def sweep(self) -> Iterator[dict[str, Any]]:
        """Look once, act, and tell. Raises psycopg.Error."""
        pattern = (limits.MARK.replace("_", r"\_") + "%",)
        sessions = self.server.execute(_SESSIONS, pattern).fetchall()
        again: set[tuple[Any, ...]] = set()
        for breach in breaches(sessions):
            last = replace(breach, deed="terminated") if breach.key in self.cancelled else breach
            if self._act(last):
                yield told(last)
            again.add(last.key)
        self.cancelled = again
        yield from self._lifted(self.server.execute(_ROLES, pattern).fetchall())

    def _act(self, breach: Breach) -> bool:
        query = _ACT.format(_FUNCTIONS[breach.deed])
        row = self.server.execute(query.encode(), breach.session).fetchone()
        return bool(row and next(iter(row.values())))

    def _lifted(self, roles: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
        """Limits that a login has changed for its next sessions: told when it happens, and once."""
        now: dict[tuple[str, str], str | None] = {}
        for role in roles:
            declared = limits.declared_in(role["comment"])
            for name, (allowed, found) in limits.changed(role["settings"], declared).items():
                now[role["login"], name] = found
                if (role["login"], name) not in self.changes or self.changes[role["login"], name] != found:
                    who = {"app": declared.get("app"), "login": role["login"]}
                    yield {"event": "lifted", **who, "limit": name, "allowed": allowed, "found": found}
        self.changes = now


def say(event: Mapping[str, Any]) -> None:
    """One line on standard output."""
    print(json.dumps({"at": datetime.now(UTC).isoformat(timespec="milliseconds"), **event}), flush=True)


def watch(environment: Mapping[str, str]) -> None:
    """Look for as long as the server answers. Raises psycopg.Error when it doesn't."""
    tls = {"sslmode": "verify-full", "sslrootcert": str(CA)} if CA.exists() else {"sslmode": "disable"}
    with psycopg.connect(
        host=environment["WATCHDOG_HOST"],
        user=environment["WATCHDOG_USER"],
        passfile=PASSFILE,
        dbname="postgres",
        autocommit=True,
        connect_timeout=5,
        application_name="data-tier watchdog",
        options="-c statement_timeout=10s",
        row_factory=dict_row,
        **tls,  # type: ignore[arg-type]  # names of libpq
    ) as server:
        watchdog, interval = Watchdog(server), float(environment["WATCHDOG_INTERVAL"])
        say({"event": "watching", "interval": interval})
        while True:
            began = time.monotonic()
            for event in watchdog.sweep():
                say(event)
            ALIVE.touch()
            time.sleep(max(0.1, interval - (time.monotonic() - began)))


def main(environment: Mapping[str, str]) -> int:
    """Watch until the process is ended; a server that is away is waited for, and told once."""
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))  # process 1 of a container has no default for it
    last = ""
    while True:
        try:
            watch(environment)
        except KeyError as error:
            print(f"{error.args[0]} is not set in the environment", file=sys.stderr)
            return 2
        except (psycopg.Error, OSError) as error:
            reason = type(error).__name__
            if reason != last:
                say({"event": "waiting", "reason": reason})
            last = reason
            time.sleep(_PAUSE)


if __name__ == "__main__":
    sys.exit(main(os.environ))
