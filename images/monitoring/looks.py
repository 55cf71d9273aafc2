"""What Debian's exporters don't know of a server: its certificate, the room on its volume, its pools.

Owns how each is looked at; which alert follows from it belongs to `components.monitoring.rules`, who has the server's
log to `replication`.
"""

from __future__ import annotations

import os
import socket
import ssl
import sys
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Final

import psycopg

from images.exposition import Sample, exposition

LOGIN: Final = Path("/run/secrets/login")
CA: Final = Path("/run/secrets/ca.crt")
VOLUME: Final = "/run/secrets"  # a local volume as the data volume is: no one but the server mounts that one
MEMORY: Final = Path("/dev/shm")  # noqa: S108 - the container's own
_KEPT: Final = 300.0  # seconds; a certificate is looked at so rarely: a handshake costs the server
_HELP: Final = {
    "data_tier_certificate_end_seconds": "When the certificate that the server shows ends, in seconds of Unix time.",
    "data_tier_volume_bytes": "The size of the file system that Docker keeps volumes on.",
    "data_tier_volume_free_bytes": "What is free there.",
    "data_tier_standby_lag_seconds": "How far a standby's replay is behind, 0 where nothing is written.",
    "data_tier_standby_up": "Whether the standby of a slot is connected.",
    "data_tier_archive_waiting_seconds": "How long the oldest piece of the log has waited to be archived.",
    "data_tier_backup_up": "Whether the container that makes backups answers.",
    "data_tier_pooler_up": "Whether a process of the pooler has answered.",
    "data_tier_pool_waiting": "Clients that wait for a connection of a pool.",
    "data_tier_pool_wait_seconds": "How long the first of them has waited.",
    "data_tier_pool_clients": "Clients that have a connection of a pool.",
    "data_tier_pool_connections": "Connections of a pool to the server.",
    "data_tier_exporter_failures_total": "Looks of the exporter that failed, by what it looked at.",
}
_TLS_REQUEST: Final = bytes([0, 0, 0, 8, 0x04, 0xD2, 0x16, 0x2F])  # PostgreSQL's way into TLS

Who = Callable[[], "Login | None"]


@dataclass(frozen=True)
class Login:
    """Who the exporter is on its server."""

    user: str
    key: str = field(repr=False)

    @classmethod
    def read(cls) -> Login:
        """As the file has it at this moment. Raises OSError."""
        user, _, key = LOGIN.read_text().strip().partition(":")
        return cls(user, key)

    def passfile(self) -> str:
        """Where libpq finds it: in no argument, and in no text of this program."""
        return written(f"{self.user}.pgpass", f"*:*:*:{self.user}:{self.key}\n")


@dataclass(frozen=True)
class Server:
    """The server, and beside it the pooler and who backs it up where there are any, as the environment names them."""

    kind: str
    host: str
    port: int
    tls: bool
    pooler: str = ""
    pooler_port: int = 0
    processes: int = 0
    backup: str = ""

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Server:
        """Raises KeyError."""
        return cls(
            kind=environment["EXPORTER_KIND"],
            host=environment["EXPORTER_HOST"],
            port=int(environment["EXPORTER_PORT"]),
            tls=CA.exists(),
            pooler=environment.get("EXPORTER_POOLER", ""),
            pooler_port=int(environment.get("EXPORTER_POOLER_PORT", "0")),
            processes=int(environment.get("EXPORTER_POOLER_PROCESSES", "0")),
            backup=environment.get("EXPORTER_BACKUP", ""),
        )

    def well(self, metrics: str) -> bool:
        """Whether Debian's exporter tells that the server has let it in."""
        return f"{'pg' if self.kind == 'postgres' else 'redis'}_up 1" in metrics.splitlines()

    def connect(self, login: Login, host: str, port: int, database: str) -> psycopg.Connection[Any]:
        """As the exporter to PostgreSQL or to the pooler's console, which knows no prepared statements."""
        tls = {"sslmode": "verify-full", "sslrootcert": str(CA)} if self.tls else {"sslmode": "disable"}
        connection: psycopg.Connection[Any] = psycopg.connect(
            host=host,
            port=port,
            user=login.user,
            passfile=login.passfile(),
            dbname=database,
            autocommit=True,
            connect_timeout=2,
            application_name="data-tier exporter",
            prepare_threshold=None,
            **tls,  # type: ignore[arg-type]  # names of libpq
        )
        return connection


class Certificate:
    """When the certificate that the server shows ends."""

    def __init__(self, server: Server) -> None:
        self._server, self._end, self._at = server, 0.0, -_KEPT

    def look(self) -> Iterator[Sample]:
        """Raises OSError (a refused certificate is one)."""
        if not self._server.tls:
            return
        if time.monotonic() - self._at >= _KEPT:
            self._end, self._at = self._shown(), time.monotonic()
        yield "data_tier_certificate_end_seconds", {}, self._end

    def _shown(self) -> float:
        context = ssl.create_default_context(cafile=str(CA))
        with socket.create_connection((self._server.host, self._server.port), 2) as raw:
            if self._server.kind == "postgres":
                raw.sendall(_TLS_REQUEST)
                raw.recv(1)
            with context.wrap_socket(raw, server_hostname=self._server.host) as shown:
                found = shown.getpeercert() or {}
        return float(ssl.cert_time_to_seconds(str(found["notAfter"])))


def volume() -> Iterator[Sample]:
    """The file system that Docker keeps its local volumes on."""
    its = os.statvfs(VOLUME)
    yield "data_tier_volume_bytes", {}, its.f_blocks * its.f_frsize
    yield "data_tier_volume_free_bytes", {}, its.f_bavail * its.f_frsize


class Pools:
    """The pools of each of the pooler's processes, which share a port: a connection to each stays open."""

    _TRIES: ClassVar[int] = 4  # for each process: the kernel chooses which one answers

    def __init__(self, server: Server, serving: Who) -> None:
        self._server, self._serving = server, serving
        self._open: dict[str, psycopg.Connection[Any]] = {}
        self._login: Login | None = None

    def look(self) -> Iterator[Sample]:
        """Raises psycopg.Error where none answers."""
        login = self._serving()
        if not self._server.pooler or login is None:
            return
        if login != self._login:
            for connection in self._open.values():
                connection.close()
            self._open, self._login = {}, login
        self._find(login)
        found: dict[tuple[str, str], dict[str, float]] = {}
        for process, connection in list(self._open.items()):
            try:
                rows = _shown(connection, "SHOW POOLS")
            except psycopg.Error:
                connection.close()
                del self._open[process]
                continue
            yield "data_tier_pooler_up", {"process": process}, 1
            for row in rows:
                _added(found.setdefault((row["database"], row["user"]), {}), row)
        for (database, user), its in sorted(found.items()):
            if database != "pgbouncer":
                for name, value in its.items():
                    yield name, {"database": database, "login": user}, value
        for number in range(len(self._open), self._server.processes):
            yield "data_tier_pooler_up", {"process": f"missing {number + 1}"}, 0

    def _find(self, login: Login) -> None:
        for _ in range(self._TRIES * self._server.processes):
            if len(self._open) >= self._server.processes:
                return
            connection = self._server.connect(login, self._server.pooler, self._server.pooler_port, "pgbouncer")
            settings = {row["key"]: row["value"] for row in _shown(connection, "SHOW CONFIG")}
            if settings.get("peer_id", "") in self._open:
                connection.close()
            else:
                self._open[settings.get("peer_id", "")] = connection


def _shown(connection: psycopg.Connection[Any], command: str) -> list[dict[str, str]]:
    cursor = psycopg.ClientCursor(connection)
    cursor.execute(command.encode())
    names = [column.name for column in cursor.description or ()]
    return [{name: str(value) for name, value in zip(names, row, strict=True)} for row in cursor.fetchall()]


def _added(its: dict[str, float], row: Mapping[str, str]) -> None:
    """Processes' figures of one pool together; of waits the longest."""
    waits = float(row["maxwait"]) + float(row.get("maxwait_us", "0")) / 1e6
    for name, value in (
        ("data_tier_pool_waiting", float(row["cl_waiting"])),
        ("data_tier_pool_clients", float(row["cl_active"])),
        ("data_tier_pool_connections", sum(float(row[key]) for key in ("sv_active", "sv_idle", "sv_used"))),
    ):
        its[name] = its.get(name, 0.0) + value
    its["data_tier_pool_wait_seconds"] = max(its.get("data_tier_pool_wait_seconds", 0.0), waits)


@dataclass
class Looks:
    """Everything that is told beside Debian's exporter; one look that fails doesn't take the others along.

    Those `of_server` connect to it: where it is away a scrape has no time to wait for that again.
    """

    by_name: Mapping[str, Callable[[], Iterable[Sample]]]
    of_server: Collection[str] = ()
    failures: dict[str, int] = field(default_factory=dict)

    def text(self, *, let_in: bool = True) -> str:
        """All that is told, in Prometheus' text format; `let_in` says whether the server is there."""
        samples: list[Sample] = []
        for name, look in self.by_name.items():
            self.failures.setdefault(name, 0)
            if name in self.of_server and not let_in:
                continue
            try:
                samples += list(look())
            except (OSError, psycopg.Error, KeyError, ValueError) as error:
                self.failures[name] += 1
                say(f"{name}: {type(error).__name__}")
        for name, count in self.failures.items():
            samples.append(("data_tier_exporter_failures_total", {"look": name}, count))
        return exposition(samples, _HELP)


def written(name: str, text: str) -> str:
    """A file in the container's memory that nobody else can read; its path."""
    path = MEMORY / name
    path.touch(mode=0o600)
    path.write_text(text)
    return str(path)


def say(text: str) -> None:
    """One line on standard error; never a password."""
    print(text, file=sys.stderr, flush=True)
