"""What the server held at moments that a restore of its log can come back to.

A snapshot and a place in the log aren't the same: a commit is in the log before others see it, and two may come in one
order there and be seen in the other. So a snapshot is taken, the log around it is read, and it counts only if what it
sees is exactly what was committed before some place; else another one is tried. Each database has its own snapshot, so
that there may be several places; a place that fits several databases serves them all.
"""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, LiteralString

import psycopg

from components import table_facts
from images.backup.common import BackupError, Settings

_TRIES: Final = 200
_BEFORE: Final = 1.0  # seconds of log read before a snapshot: a commit that is in the log is seen within a flush
_READ: Final = 64 * 1024 * 1024  # bytes of log, in which commits of several databases are looked for
_COMMIT: Final = re.compile(r"tx:\s+(\d+), lsn: ([0-9A-F]+/[0-9A-F]+),.* desc: COMMIT(?:_PREPARED (\d+))?")
_HALF, _WHOLE = 2**31, 2**32
_NOW: Final = "SELECT pg_current_snapshot()::text, pg_current_wal_insert_lsn()::text"
# a restored server that waits there would hold the lock for ever
_CHANGING: Final = """
    SELECT EXISTS (SELECT FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted AND locktype = 'relation'
                      AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))"""
_PAUSE: Final = 0.1
DATABASES: Final = """
    SELECT datname, has_database_privilege(datname, 'CONNECT') FROM pg_database WHERE datallowconn ORDER BY 1"""


def lsn(text: str) -> int:
    """A place in the log as a number of bytes."""
    high, _, low = text.partition("/")
    return (int(high, 16) << 32) + int(low, 16)


def written(place: int) -> str:
    """A place in the log as PostgreSQL writes it."""
    return f"{place >> 32:X}/{place & 0xFFFFFFFF:X}"


@dataclass(frozen=True)
class Snapshot:
    """Which transactions are seen: all before `xmin`, none from `xmax` on, between them all but those `running`."""

    xmin: int
    xmax: int
    running: frozenset[int]

    @classmethod
    def parse(cls, text: str) -> Snapshot:
        """From pg_current_snapshot()."""
        xmin, xmax, running = text.split(":")
        return cls(int(xmin), int(xmax), frozenset(int(one) for one in running.split(",") if one))

    def sees(self, xid: int) -> bool:
        """Whether it sees a transaction that has committed; the log has the lower 32 bits of its number."""
        whole = (self.xmax & ~(_WHOLE - 1)) | xid
        whole += _WHOLE if whole < self.xmax - _HALF else -_WHOLE if whole > self.xmax + _HALF else 0
        return whole < self.xmax and whole not in self.running


@dataclass(frozen=True)
class Interval:
    """The places in the log, both included, before which exactly what a snapshot sees was committed."""

    first: int
    last: int


def interval(snapshot: Snapshot, commits: Sequence[tuple[int, int]], start: int, end: int) -> Interval | None:
    """That of a snapshot among `commits` (number and place) from `start` to `end`; None where it has no place."""
    seen = max((place for xid, place in commits if snapshot.sees(xid)), default=start)
    hidden = min((place for xid, place in commits if not snapshot.sees(xid)), default=end)
    return Interval(seen + 1, hidden) if seen < hidden else None


def stabbed(intervals: dict[str, Interval]) -> list[tuple[int, list[str]]]:
    """The fewest places so that each name's interval has one, in the log's order, with the names of each."""
    found: list[tuple[int, list[str]]] = []
    for name, its in sorted(intervals.items(), key=lambda one: one[1].last):
        if found and its.first <= found[-1][0]:
            found[-1][1].append(name)
        else:
            found.append((its.last, [name]))
    return found


@dataclass
class Log:
    """The server's log on its volume; `own` are the transactions that this program has made, which changed nothing."""

    server: psycopg.Connection[Any]
    folder: str
    timeline: int
    own: set[int] = field(default_factory=set)
    origin: int = 0

    def since(self) -> int:
        """A place from which on the log is read: before any commit that may not be seen yet, and not long ago."""
        now = self.mark()
        if not self.origin or now - self.origin > _READ:
            self.origin = now
            time.sleep(_BEFORE)
        return self.origin

    def mark(self) -> int:
        """The place of a commit that comes after all that was asked before; flushed, and so is all before it."""
        number = _one(self.server, "SELECT pg_current_xact_id()::text")
        self.own.add(int(number) % _WHOLE)
        return lsn(_one(self.server, "SELECT pg_current_wal_flush_lsn()::text"))

    def commits(self, start: int, end: int) -> list[tuple[int, int]]:
        """Those of others between two places. Raises BackupError."""
        where = ["-p", self.folder, "-t", str(self.timeline)]  # which is 1 otherwise, also after a switch
        line = ["pg_waldump", *where, "-s", written(start), "-e", written(end), "-r", "Transaction"]
        done = subprocess.run(line, capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode and "could not find a valid record" not in done.stderr:
            raise BackupError(f"the server's log can't be read: {done.stderr.strip().splitlines()[-1]}")
        found = [
            (int(match[3] or match[1]), lsn(match[2]))
            for line in done.stdout.splitlines()
            if (match := _COMMIT.search(line))
        ]
        return [(xid, place) for xid, place in found if xid not in self.own]


def take(settings: Settings, stop: str) -> dict[str, Any]:
    """What each database holds, and at which place in the log, which is after `stop`. Raises BackupError."""
    try:
        with psycopg.connect(**settings.connection(), autocommit=True) as server:
            return _take(settings, Log(server, f"{settings.cluster}/pg_wal", timeline(server)), lsn(stop))
    except psycopg.Error as error:
        raise BackupError(f"what the server holds can't be asked: {str(error).strip().splitlines()[0]}") from None


def _take(settings: Settings, log: Log, stop: int) -> dict[str, Any]:
    databases = [(str(name), bool(may)) for name, may in log.server.execute(DATABASES).fetchall()]
    intervals: dict[str, Interval] = {}
    facts: dict[str, Any] = {}
    for name in (name for name, may in databases if may):
        with psycopg.connect(**settings.connection(name), autocommit=True) as server:
            quiet(server)
            intervals[name] = _settled(server, log, stop)
            facts[name] = tables(server)
            server.execute("COMMIT")
    log.mark()
    _one(log.server, "SELECT pg_switch_wal()::text")
    moments = [
        {"lsn": written(place), "databases": {name: facts[name] for name in names}}
        for place, names in stabbed(intervals)
    ]
    left_out = [name for name, may in databases if not may and name != "template1"]
    return {"timeline": log.timeline, "moments": moments, "left_out": left_out}


def timeline(server: psycopg.Connection[Any]) -> int:
    """That of the log which a primary writes; each switch to another member begins a new one. Raises psycopg.Error."""
    return int(_one(server, "SELECT substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)"), 16)


def _settled(server: psycopg.Connection[Any], log: Log, stop: int) -> Interval:
    """Leave `server` in a transaction whose snapshot a place in the log has, and that place."""
    for _ in range(_TRIES):
        start = max(stop, log.since())
        server.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        row = server.execute(_NOW).fetchone() or ("", "")
        end = log.mark()
        if _one(server, _CHANGING) == "True":
            server.execute("ROLLBACK")
            time.sleep(_PAUSE)
            continue
        found = interval(Snapshot.parse(row[0]), log.commits(start, end), start, end)
        if found:
            return found
        server.execute("ROLLBACK")
    raise BackupError("no snapshot was found that the log has a place for: the server commits too often at once")


def quiet(server: psycopg.Connection[Any]) -> None:
    """Let a session wait as long as it takes, and write rows as every other one does. Raises psycopg.Error."""
    server.execute(table_facts.SETTINGS)
    server.execute(table_facts.PATIENCE)


def tables(server: psycopg.Connection[Any]) -> dict[str, Any]:
    """Rows and checksum of each table that the log has. Raises psycopg.Error."""
    told = lines(server, table_facts.LOGGED_TABLES, table_facts.LARGE_OBJECTS)
    return {one["table"]: {"rows": one["rows"], "checksum": one["checksum"]} for one in told}


def lines(server: psycopg.Connection[Any], *queries: str) -> Iterator[dict[str, Any]]:
    """What the statements say that `queries` answer with. Raises psycopg.Error."""
    for query in queries:
        for (statement,) in server.execute(query.encode()).fetchall():
            for (line,) in server.execute(statement.encode()).fetchall():
                yield json.loads(line.removeprefix(table_facts.MARK))


def _one(server: psycopg.Connection[Any], query: LiteralString) -> str:
    row = server.execute(query).fetchone()
    if row is None:
        raise BackupError("the server answered nothing")
    return str(row[0])
