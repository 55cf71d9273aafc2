"""The container's main process: takes the server's log in, runs what is due, and tells Prometheus.

pgBackRest's own TLS server takes the log in; it is started again when it ends, and told when its certificate is new.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final

import psycopg

from images.backup import common, jobs, members, metrics, moments, repository, schedule, state, timelines
from images.backup.common import ALIVE, RUNTIME, SECRETS, BackupError, Settings
from images.exposition import answering

METRICS_PORT: Final = 9188
_CERTIFICATE: Final = SECRETS / "tls.crt"
_LOOK_SECONDS: Final = 10
_STANZA_AGAIN: Final = 5.0
_ARCHIVED: Final = "SELECT coalesce(extract(epoch FROM last_archived_time), 0)::float8 FROM pg_stat_archiver"


def say(event: str, **what: Any) -> None:
    """One line of JSON on standard output."""
    at = datetime.now(UTC).isoformat(timespec="seconds")
    print(json.dumps({"at": at, "event": event, **what}), flush=True)


class Intake:
    """pgBackRest's TLS server, kept alive by a thread."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._shown = 0.0

    def look(self) -> None:
        """Start it where it doesn't run; let it read its certificate where that is new."""
        changed = _CERTIFICATE.stat().st_mtime
        if self._process is None or self._process.poll() is not None:
            if self._process is not None:
                say("archive server ended", code=self._process.returncode)
            self._process = subprocess.Popen(["pgbackrest", f"--config={RUNTIME}", "server"])  # noqa: S603, S607
        elif changed != self._shown:
            self._process.send_signal(signal.SIGHUP)
        self._shown = changed


class Told:
    """What the metrics are made of, looked up every few seconds and never while somebody waits for them."""

    def __init__(self, settings: Settings) -> None:
        self.settings, self.backups, self.archived = settings, [], 0.0  # type: ignore[var-annotated]

    def look(self) -> None:
        """Raises BackupError and psycopg.Error; then the former figures stay."""
        with psycopg.connect(**self.settings.connection(), autocommit=True) as server:
            row = server.execute(_ARCHIVED).fetchone()
            if timelines.known().timeline not in (None, moments.timeline(server)):
                timelines.went_on()  # a standby was made since, and took over
        self.archived = max(self.archived, float(row[0]) if row else 0.0)  # a new primary hasn't archived anything
        self.backups = repository.saved()

    def text(self) -> str:
        """The metrics."""
        its = self.settings
        return metrics.text(its.server, its.schedules, state.runs(), self.backups, self.archived, datetime.now(UTC))


def serve(settings: Settings) -> None:
    """Run until the process is ended."""
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))  # what it runs ends with the container
    told, intake = Told(settings), Intake()
    intake.look()
    threading.Thread(target=_looking, args=(told, intake), daemon=True).start()
    threading.Thread(target=answering("", METRICS_PORT, told.text).serve_forever, daemon=True).start()
    _stanza(settings)
    since = state.runs().get("since", {}).get("tried") or _first_time()
    say("scheduling", **settings.schedules)
    while True:
        kind = schedule.due(settings.schedules, state.runs(), since, datetime.now(UTC))
        if kind:
            _run(settings, kind)
        time.sleep(1)


def _first_time() -> float:
    now = int(time.time())
    state.note("since", tried=now)
    return float(now)


def _run(settings: Settings, kind: str) -> None:
    try:
        members.follow(settings)
        say("done", **jobs.carry_out(settings, kind))
    except BackupError as error:
        say("failed", kind=kind, reason=str(error))
        time.sleep(5)  # somebody else's job may be at work


def _stanza(settings: Settings) -> None:
    """The repository made, or found to be this server's; waits for as long as it isn't, and says why once."""
    last = ""
    while True:
        members.follow(settings)
        try:
            repository.run("stanza-create", seconds=120)
        except BackupError as error:
            if str(error) != last:
                say("waiting", reason=str(error))
            last = str(error)
            state.note("repository", failure=int(time.time()), error=last)
            time.sleep(_STANZA_AGAIN)
        else:
            state.note("repository", success=int(time.time()), error=None)
            return


def _looking(told: Told, intake: Intake) -> None:
    while True:
        with suppress(OSError):
            common.write_runtime()  # keys of the repository's service may be others by now
        intake.look()
        members.follow(told.settings)
        ALIVE.touch()
        with suppress(BackupError, psycopg.Error):  # what it knew before is what it tells: the age of that shows
            told.look()
        time.sleep(_LOOK_SECONDS)
