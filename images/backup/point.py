"""One database as it was at a moment: restored beside the server, in scratch, and written out as a dump."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from typing import Any, Final

import psycopg

from components import table_facts
from images.backup import jobs, moments, repository, scratch, state
from images.backup.common import BackupError, Settings
from images.backup.moments import Log

_SHOWN: Final = "%Y-%m-%d %H:%M:%S+00"


def window(backups: list[repository.Saved], moment: datetime, now: datetime) -> repository.Saved:
    """The backup from which a restore to `moment` starts. Raises BackupError for one that the archive hasn't."""
    if not backups:
        raise BackupError("there is no backup yet, so that nothing can be restored")
    first = datetime.fromtimestamp(backups[0].stopped, UTC)
    between = f"the archive has {first.strftime(_SHOWN)} to {now.strftime(_SHOWN)}"
    if moment > now:
        raise BackupError(f"{moment.strftime(_SHOWN)} is in the future: {between}")
    found = repository.before(moment, backups)
    if found is None:
        raise BackupError(f"{moment.strftime(_SHOWN)} is before the first backup: {between}")
    return found


def write(settings: Settings, database: str, moment: datetime) -> None:
    """Its dump on standard output, and on standard error, behind a mark, what it holds. Raises BackupError."""
    window(repository.saved(), moment, datetime.now(UTC))
    with state.alone(settings.server):
        label = window(repository.saved(), moment, datetime.now(UTC)).label
        _log_goes_on(settings)
        target = {"recovery_target_time": moment.isoformat(), "recovery_target_inclusive": "on"}
        began = time.monotonic()
        with scratch.restored(settings, label, f"--db-include={database}") as server:
            server.start(target)
            server.open()  # what a change under way has locked could never be read: it is over then
            seconds = round(time.monotonic() - began, 2)
            try:
                told = _facts(server.connect(database))
            except psycopg.OperationalError:
                raise BackupError(f"there was no database {database} at {moment.strftime(_SHOWN)}") from None
            line = ["pg_dump", "--format=custom", database]
            done = subprocess.run(line, check=False, env={**os.environ, **server.environment()})  # noqa: S603
            if done.returncode:
                raise BackupError(f"{database} can't be dumped from what was restored")
        for one in [*told, {"restored": seconds, "label": label}]:
            print(f"{table_facts.MARK}{json.dumps(one)}", file=sys.stderr)


def _log_goes_on(settings: Settings) -> None:
    """A commit after every moment up to now, archived: the log is replayed up to the first one that is too late."""
    with psycopg.connect(**settings.connection(), autocommit=True) as server:
        place = Log(server, settings.cluster, moments.timeline(server)).mark()
        server.execute("SELECT pg_switch_wal()")
    jobs.archived(settings, moments.written(place - 1))


def _facts(session: psycopg.Connection[Any]) -> list[dict[str, Any]]:
    with session:
        moments.quiet(session)
        whole = [json.loads(line.removeprefix(table_facts.MARK)) for (line,) in session.execute(table_facts.WHOLE)]
        queries = (table_facts.TABLES, table_facts.LARGE_OBJECTS, table_facts.SEQUENCES)
        return [*whole, *moments.lines(session, *queries)]
