"""The jobs: a backup of each type, the trial of the newest one. Each notes what came out; one at a time."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import psycopg

from components import backup_jobs
from images.backup import comparison, moments, repository, scratch, state, timelines
from images.backup.common import BackupError, Settings
from images.backup.repository import Saved
from images.backup.scratch import Scratch

_ARCHIVED: Final = "SELECT coalesce(last_archived_wal, '') >= pg_walfile_name(%s::pg_lsn) FROM pg_stat_archiver"
_ARCHIVE_SECONDS: Final = 120


def carry_out(settings: Settings, kind: str) -> dict[str, Any]:
    """Do a job and note it. Raises BackupError, which is noted too."""
    job: Mapping[str, Callable[[], dict[str, Any]]] = {
        **{name: lambda its=its: _backup(settings, its) for name, its in backup_jobs.TYPES.items()},  # type: ignore[misc]
        backup_jobs.RESTORE_TEST: lambda: _restore_test(settings),
    }
    with state.alone(settings.server):
        began, at = time.monotonic(), int(time.time())
        state.note(kind, tried=at)
        try:
            done = job[kind]()
        except BackupError as error:
            state.note(kind, failure=int(time.time()), error=str(error))
            raise
        seconds = round(time.monotonic() - began, 2)
        for covered in backup_jobs.covered(kind):
            state.note(covered, tried=at)
        state.note(kind, success=int(time.time()), seconds=seconds, error=None)
    return {"kind": kind, "seconds": seconds, **done}


def _backup(settings: Settings, its: str) -> dict[str, Any]:
    repository.run("backup", f"--type={its}")
    backups = repository.saved()
    newest = backups[-1]
    state.forget({one.label for one in backups})
    taken = moments.take(settings, newest.last_lsn)
    state.keep(newest.label, {**taken, "tests": []})
    tables = sum(len(held) for moment in taken["moments"] for held in moment["databases"].values())
    return {
        "label": newest.label,
        "type": newest.type,
        "bytes": newest.bytes,
        "stored": newest.stored,
        "tables": tables,
    }


def _restore_test(settings: Settings) -> dict[str, Any]:
    """Restore the newest backup, compare it, look through its pages and indexes; the outcome is kept with it."""
    newest = next(reversed(repository.saved()), None)
    if newest is None:
        raise BackupError("there is no backup to be tried")
    known = state.evidence(newest.label)
    if not known:
        raise BackupError(f"what the server held when {newest.label} was made isn't known: make another backup")
    began, when = time.monotonic(), datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    found: dict[str, Any] = {"restored": 0.0, "tables": 0, "rows": 0}
    try:
        wrong = _tried(settings, newest, known, found)
    except BackupError as error:
        wrong = [str(error)]
    except psycopg.Error as error:
        wrong = [str(error).strip().splitlines()[0]]
    outcome = {
        "when": when,
        "seconds": round(time.monotonic() - began, 2),
        "equal": not wrong,
        "differences": wrong[:20],
    }
    state.keep(newest.label, {**known, "tests": [*known["tests"][-9:], {**outcome, **found}]})
    if wrong:
        raise BackupError(f"{newest.label} doesn't restore to what was backed up: {'; '.join(wrong[:3])}")
    return {"label": newest.label, **found}


def _tried(settings: Settings, newest: Saved, known: Mapping[str, Any], found: dict[str, Any]) -> list[str]:
    began, wrong = time.monotonic(), []
    last = known["moments"][-1]["lsn"]
    then = known.get("timeline")  # what came after it, on the next one, may not be what was lost with this one
    archived(settings, last, then)
    on = {"recovery_target_timeline": str(then)} if then else {}
    along = f"--target-timeline={timelines.timeline(newest)}"
    with scratch.restored(settings, newest.label, along) as server:
        found["restored"] = round(time.monotonic() - began, 2)
        for moment in known["moments"]:
            server.stop()
            server.start({"recovery_target_lsn": moment["lsn"], "recovery_target_inclusive": "off", **on})
            if moment["lsn"] == last:
                server.open()
            wrong += comparison.differences(server, moment["databases"], found)
        return wrong or _pages(server)


def _pages(server: Scratch) -> list[str]:
    """What pg_amcheck finds in the tables and B-tree indexes of all databases."""
    line = ["pg_amcheck", "--all", "--install-missing=pg_catalog", "--no-strict-names"]
    done = subprocess.run(  # noqa: S603
        line, capture_output=True, text=True, check=False, env={**os.environ, **server.environment()}
    )
    if not done.returncode:
        return []
    said = [text for text in (done.stdout + done.stderr).splitlines() if text.strip()]
    return [f"pg_amcheck: {text.strip()}" for text in said[:5]] or [f"pg_amcheck: code {done.returncode}"]


def archived(settings: Settings, place: str, timeline: int | None = None) -> None:
    """Wait until the archive has the log up to a place; of an earlier `timeline` it has all that it will ever have.

    Raises BackupError.
    """
    end = time.monotonic() + _ARCHIVE_SECONDS
    with psycopg.connect(**settings.connection(), autocommit=True) as server:
        if timeline not in (None, moments.timeline(server)):
            return
        while not (server.execute(_ARCHIVED, (place,)).fetchone() or (False,))[0]:
            if time.monotonic() > end:
                raise BackupError(f"the log isn't archived up to {place}: the server's log says why")
            time.sleep(0.2)
