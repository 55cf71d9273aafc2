"""A whole server as it was at a moment: restored beside its cluster, then in its place; the former one stays beside.

`prepare` runs in the backup container while the server runs, `replace`, `back` and `finish` in a container of their own
that may write to the server's volume, while the server is stopped (but for `finish`). The former cluster is where it
was until the restored one is whole. Who stops and starts the server is `operate restore-server`.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import psycopg

from components import table_facts
from images.backup import moments, point, repository, state, timelines
from images.backup.common import BackupError, Settings

_SERVERS: Final = "/etc/data-tier/pgbackrest.conf"  # in the server's container, which asks the backup container
_WAL: Final = 1024**3  # that is replayed, and written anew, beside the backup's own bytes


def prepare(settings: Settings, moment: datetime | None, *, lossy: bool) -> dict[str, Any]:
    """From which backup along which timeline; the log up to now is archived. Raises BackupError."""
    _require_none(settings.cluster)
    now = datetime.now(UTC)
    with state.alone(settings.server):
        history = timelines.current(settings.cluster, repository.system())
        backups = history.of(repository.saved())
        label = point.window(backups, moment or now, now).label
        if not lossy:
            try:
                point.log_goes_on(settings)
            except (BackupError, psycopg.Error) as error:
                said = str(error).strip().splitlines()[0]
                raise BackupError(f"what was written last isn't archived, --lossy goes on without it: {said}") from None
        needed = next(one.bytes for one in backups if one.label == label) + _WAL
        free = shutil.disk_usage(Path(settings.cluster).parent).free
        if free < needed:
            raise BackupError(f"{needed >> 20} MiB are needed beside the server's data and {free >> 20} MiB are free")
    return {"label": label, "timeline": history.target}


def replace(settings: Settings, label: str, timeline: str, moment: str) -> dict[str, Any]:
    """Restore and exchange; an empty `moment` is as far as the archive goes. Raises BackupError: no change then."""
    cluster = Path(settings.cluster)
    beside = _restoring(cluster)
    with state.alone(settings.server):
        _require_none(settings.cluster)
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir(mode=0o700)
        began = time.monotonic()
        target = ["--type=time", f"--target={moment}", "--target-action=promote"] if moment else []
        command = f'pgbackrest --config={_SERVERS} --stanza={repository.STANZA} archive-get %f "%p"'
        try:
            repository.run(
                "restore",
                f"--set={label}",
                f"--pg1-path={beside}",
                *target,
                f"--target-timeline={timeline}",
                f"--recovery-option=restore_command={command}",
                "--recovery-option=hot_standby=off",  # nobody comes in before it is what it is to be
            )
        except BackupError:
            shutil.rmtree(beside, ignore_errors=True)
            raise
        former = _aside(cluster)
        if cluster.exists():
            cluster.rename(former)
        beside.rename(cluster)
        _flushed(cluster.parent)
        timelines.went_on()
    return {"kept": former.name, "seconds": round(time.monotonic() - began, 2)}


def back(settings: Settings) -> dict[str, Any]:
    """The former cluster in the place of the one that serves, which stays beside. Raises BackupError for none."""
    cluster = Path(settings.cluster)
    with state.alone(settings.server):
        former = kept(settings.cluster)
        if former is None:
            raise BackupError("there is no cluster of before a restore: nothing was changed")
        shutil.rmtree(_restoring(cluster), ignore_errors=True)
        if cluster.exists():
            aside = _aside(cluster)
            cluster.rename(aside)
        former.rename(cluster)
        _flushed(cluster.parent)
        timelines.turned_back(timelines.current(settings.cluster, None))
    return {"kept": getattr(kept(settings.cluster), "name", None)}


def finish(settings: Settings) -> dict[str, Any]:
    """Delete the former cluster. Raises BackupError for none, and where none but that is there."""
    with state.alone(settings.server):
        former = kept(settings.cluster)
        if former is None:
            raise BackupError("there is no cluster of before a restore: nothing was changed")
        if not Path(settings.cluster, "PG_VERSION").exists():
            raise BackupError(f"{former.name} is the only cluster that is there: --back puts it in its place")
        shutil.rmtree(former)
    return {"deleted": former.name}


def look(settings: Settings) -> dict[str, Any]:
    """What the server holds now, table rows by database; its log is archived again. Raises BackupError."""
    point.log_goes_on(settings)
    history = timelines.current(settings.cluster, repository.system())
    with psycopg.connect(**settings.connection(), autocommit=True) as server:
        names = [name for name, may in server.execute(moments.DATABASES).fetchall() if may and name != "template1"]
    found = {}
    for name in names:
        with psycopg.connect(**settings.connection(name), autocommit=True) as session:
            moments.quiet(session)
            held = list(moments.lines(session, table_facts.LOGGED_TABLES))
        found[name] = {"tables": len(held), "rows": sum(int(one["rows"]) for one in held)}
    return {"timeline": history.target, "databases": found}


def kept(cluster: str) -> Path | None:
    """The cluster that is kept aside, None for none."""
    path = Path(cluster)
    return next(iter(sorted(path.parent.glob(f"{path.name}.before-*"))), None)


def _require_none(cluster: str) -> None:
    """Raises BackupError where a cluster is kept aside, also by a run that was cut short."""
    if aside := kept(cluster):
        raise BackupError(
            f"the cluster of before the last restore is still there ({aside.name}): "
            "--back puts it in its place again, --finish deletes it"
        )


def _restoring(cluster: Path) -> Path:
    return cluster.with_name(f"{cluster.name}.restoring")


def _aside(cluster: Path) -> Path:
    """A name for a cluster that is kept; of a second it has one."""
    while (path := cluster.with_name(f"{cluster.name}.before-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")).exists():
        time.sleep(0.1)
    return path


def _flushed(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def told(settings: Settings, arguments: list[str]) -> str | None:
    """The answer to `whole ...` as JSON, None for what isn't understood. Raises BackupError."""
    match arguments:
        case ["prepare", moment, lossy]:
            when = datetime.fromisoformat(moment) if moment else None
            return json.dumps(prepare(settings, when, lossy=lossy == "lossy"))
        case ["replace", label, timeline, moment]:
            return json.dumps(replace(settings, label, timeline, moment))
        case ["back"]:
            return json.dumps(back(settings))
        case ["finish"]:
            return json.dumps(finish(settings))
        case ["look"]:
            return json.dumps(look(settings))
    return None
