"""A restored server of its own: in a scratch folder, on a socket that nobody else has, without a network.

One at a time: what a killed one has left is ended and removed first. It has no right but that to its own files.
"""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, LiteralString

import psycopg

from images.backup import repository
from images.backup.common import SCRATCH, USER, BackupError, Settings

_DATA, _SOCKETS, _LOG = SCRATCH / "data", SCRATCH / "socket", SCRATCH / "log"
_BARE: Final = ("setpriv", "--inh-caps=-all", "--ambient-caps=-all")
# a server that recovers refuses to have less of these than the one whose log it reads
_LEAST: Final = {
    "max_connections": "max_connections",
    "max_worker_processes": "max_worker_processes",
    "max_wal_senders": "max_wal_senders",
    "max_prepared_xacts": "max_prepared_transactions",
    "max_locks_per_xact": "max_locks_per_transaction",
}
_CONTROL: Final = re.compile(r"^(\w+) setting:\s+(\d+)$", re.MULTILINE)
_PAUSED: Final = "SELECT pg_is_in_recovery() AND pg_get_wal_replay_pause_state() = 'paused'"
_OPEN: Final = "SELECT NOT pg_is_in_recovery()"
_NOT_YET: Final = ("the database system is starting up", "the database system is not yet accepting connections")
_START_SECONDS: Final = 6 * 3600
_OPEN_SECONDS: Final = 600
_PAUSE: Final = 0.1


class Scratch:
    """The restored server in `data`; `start` it at a place or a time, `stop` it, and again further on.

    `own` are parameters in place of those that suit one that is thrown away.
    """

    def __init__(self, settings: Settings, data: Path = _DATA, own: Mapping[str, str] | None = None) -> None:
        self._settings, self._data, self._own = settings, data, own or {}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, target: Mapping[str, str]) -> None:
        """Run until the log was replayed up to `target` (recovery_target_...), and wait there.

        Raises BackupError with the server's reason.
        """
        self._run({**target, "recovery_target_action": "pause"}, _PAUSED)

    def recover(self, target: Mapping[str, str]) -> None:
        """Run until the log was replayed up to `target`, or to its end without one, and take changes from then on.

        Raises BackupError with the server's reason.
        """
        self._run({**target, **({"recovery_target_action": "promote"} if target else {})}, _OPEN)

    def _run(self, parameters: Mapping[str, str], until: LiteralString) -> None:
        _LOG.unlink(missing_ok=True)
        options = {**self._fixed(), **parameters}
        line = [
            *_BARE,
            "postgres",
            "-D",
            str(self._data),
            *(part for key, its in options.items() for part in ("-c", f"{key}={its}")),
        ]
        with _LOG.open("wb") as log:
            self._process = subprocess.Popen(line, stdout=log, stderr=log)  # noqa: S603
        self._wait(until, "doesn't start", _START_SECONDS)

    def open(self) -> None:
        """Leave recovery: changes can be made from then on. Raises BackupError."""
        with self.connect("postgres") as server:
            server.execute("SELECT pg_wal_replay_resume()")
        self._wait(_OPEN, "doesn't leave recovery", _OPEN_SECONDS)

    def connect(self, database: str) -> psycopg.Connection[Any]:
        """A session as the admin. Raises psycopg.Error."""
        return psycopg.connect(**self.where(), dbname=database, autocommit=True)

    def where(self) -> dict[str, Any]:
        """How it is connected to, without the database."""
        return {"host": str(_SOCKETS), "port": self._settings.port, "user": self._settings.admin}

    def environment(self) -> dict[str, str]:
        """The same for PostgreSQL's programs."""
        found = self.where()
        return {"PGHOST": found["host"], "PGPORT": str(found["port"]), "PGUSER": found["user"]}

    def stop(self) -> None:
        """End it; what it has is to be started again or removed."""
        if self._process and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)  # a fast shutdown
            try:
                self._process.wait(60)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._process = None

    def _wait(self, state: LiteralString, otherwise: str, seconds: float) -> None:
        end = time.monotonic() + seconds
        while not self._is(state):
            ended = self._process is None or self._process.poll() is not None
            if ended or time.monotonic() > end:
                within = "" if ended else f" in {seconds:g} s"
                raise BackupError(f"the restored server {otherwise}{within}: {_why()}")
            time.sleep(_PAUSE)

    def _is(self, state: LiteralString) -> bool:
        try:
            with self.connect("postgres") as server:
                row = server.execute(state).fetchone()
        except psycopg.OperationalError:
            return False
        return bool(row and row[0])

    def _fixed(self) -> dict[str, str]:
        its = {
            "listen_addresses": "",
            "unix_socket_directories": str(_SOCKETS),
            "unix_socket_permissions": "0700",
            "port": str(self._settings.port),
            "hba_file": str(SCRATCH / "pg_hba.conf"),
            "ident_file": str(SCRATCH / "pg_ident.conf"),
            "shared_buffers": "32MB",
            "archive_mode": "off",
            "autovacuum": "off",
            "ssl": "off",
            "fsync": "off",  # it is thrown away
            "logging_collector": "off",
            "log_destination": "stderr",
        }
        preload = {"shared_preload_libraries": self._settings.preload} if self._settings.preload else {}
        return {**its, **preload, **_least(self._data), **self._own}


@contextmanager
def restored(settings: Settings, label: str, *options: str) -> Iterator[Scratch]:
    """A backup restored, not yet started; all of it is gone at the end. Raises BackupError."""
    _clear()
    scratch = Scratch(settings)
    try:
        for folder in (_DATA, _SOCKETS):
            folder.mkdir(mode=0o700)
        let_in(USER, settings)
        repository.run("restore", f"--set={label}", f"--pg1-path={_DATA}", *options)
        yield scratch
    finally:
        scratch.stop()
        _clear()


def let_in(user: str, settings: Settings) -> None:
    """Make a restored server know the system's `user` as its admin, and nobody else."""
    (SCRATCH / "pg_hba.conf").write_text("local all all peer map=scratch\n", encoding="utf-8")
    (SCRATCH / "pg_ident.conf").write_text(f'scratch {user} "{settings.admin}"\n', encoding="utf-8")


def _clear() -> None:
    if (_DATA / "postmaster.pid").exists():
        subprocess.run(["pg_ctl", "-D", str(_DATA), "-m", "immediate", "stop"], capture_output=True, check=False)  # noqa: S603, S607
    for path in SCRATCH.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def _least(data: Path) -> dict[str, str]:
    done = subprocess.run(["pg_controldata", str(data)], capture_output=True, text=True, check=False)  # noqa: S603, S607
    found = dict(_CONTROL.findall(done.stdout))
    return {parameter: found[name] for name, parameter in _LEAST.items() if name in found}


def _why() -> str:
    """The last reason that the server has logged."""
    try:
        said = Path(_LOG).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        said = []
    reasons = [
        line
        for line in said
        if ("FATAL:" in line or "PANIC:" in line or "ERROR:" in line) and not any(one in line for one in _NOT_YET)
    ]
    return (reasons or said or ["it says nothing"])[-1].partition("FATAL:")[2].strip() or (reasons or said or [""])[-1]
