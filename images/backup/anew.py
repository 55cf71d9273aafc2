"""A whole server made anew from its repository, on a host that has neither: `python3 -m images.backup.anew STEP`.

`settle` the copied repository, `look` whether it is the right one, `restore` into the empty data folder, `compare` with
the backup's manifest, `open` the server at the end of its log or at a moment, `hand_over` the repository. Each answers
with JSON. Runs in a container of its own without a network, as the server's user but for the first and last step; what
the task is comes as JSON in a file. Who makes container and volumes belongs to `operate.recovery`.
"""

from __future__ import annotations

import json
import os
import pwd
import shutil
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg import sql

from images.backup import common, comparison, point, repository, state, timelines
from images.backup.common import FOLDER, RUNTIME, SCRATCH, BackupError, Settings
from images.backup.scratch import Scratch, let_in

TASK: Final = Path("/etc/data-tier/task.json")
_SERVER: Final = "postgres"  # the system's user whose files a data folder has
_DATA: Final = Path("/var/lib/postgresql/data")
_SOCKET: Final = SCRATCH / "socket"
_CHOSEN: Final = SCRATCH / "label"
_MARKS: Final = ("repository/backup", "repository/archive")
_READABLE: Final = (0, 2)  # of pgBackRest's statuses: well, and without a backup
_ARCHIVE_SECONDS: Final = 300
_PUSH: Final = f"pgbackrest --config={RUNTIME} --stanza={repository.STANZA} archive-push %p"
_OWN: Final = {
    "archive_mode": "on",  # the new timeline's history has to be in the archive too
    "archive_command": _PUSH,
    "fsync": "on",
    "shared_buffers": "128MB",
    "log_min_error_statement": "panic",  # no statement is logged
}
_ARCHIVED: Final = "SELECT coalesce(last_archived_wal, '') >= %s FROM pg_stat_archiver"
_LEFT: Final = ("restore_command", "recovery_target_timeline", "recovery_target_time", "recovery_target_action")


def main(arguments: list[str]) -> int:
    """The exit code."""
    steps: dict[str, Callable[[], dict[str, Any]]] = {
        "settle": settle,
        "look": look,
        "restore": restore,
        "compare": compare,
        "open": open_,
        "hand_over": hand_over,
    }
    step = steps.get(arguments[0] if arguments else "")
    if step is None:
        print(f"usage: {' | '.join(steps)}", file=sys.stderr)
        return 2
    if os.geteuid() == 0 and step not in (settle, hand_over):
        common.step_down(_SERVER, ["images.backup.anew", *arguments])
    try:
        print(json.dumps(step()))
    except (BackupError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except psycopg.Error as error:
        print(f"error: the restored server can't be asked: {str(error).strip().splitlines()[0]}", file=sys.stderr)
        return 1
    return 0


def settle() -> dict[str, Any]:
    """Put the copied repository where it belongs, and the folders in the hands of who writes them."""
    if not all((FOLDER / mark).is_dir() for mark in _MARKS):
        inner = [path for path in FOLDER.iterdir() if all((path / mark).is_dir() for mark in _MARKS)]
        if not inner:
            raise BackupError(
                "this is no copy of a backup repository: it has no repository/backup and repository/archive"
            )
        for path in inner[0].iterdir():
            shutil.move(path, FOLDER / path.name)
        inner[0].rmdir()
    (FOLDER / "lock").unlink(missing_ok=True)
    for folder in (_DATA, SCRATCH, _SOCKET):
        folder.mkdir(parents=True, exist_ok=True)
        shutil.chown(folder, _SERVER, _SERVER)
        folder.chmod(0o700)
    _give(_SERVER)  # the server's own restore_command reads it, and has no right to files of others
    return {}


def look() -> dict[str, Any]:
    """Whether it is this server's repository, and the backup from which it is restored."""
    task = _task()
    common.write_runtime()
    text = repository.run("info", "--output=json")
    told = json.loads(text, strict=False)  # a wrong key's message is no text
    if any(stanza["status"]["code"] not in _READABLE for stanza in told):
        raise BackupError("the repository can't be opened with the kit's key: it is another stack's, or was damaged")
    known = {one["system-id"] for stanza in told for one in stanza.get("db", [])}
    backups = timelines.known().of(repository.saved(text))
    if task["system"] and known and task["system"] not in known:
        raise BackupError("this is the repository of another server: its database was made by another initdb")
    if not backups:
        raise BackupError("the repository has no backup")
    moment = task["to"]
    chosen = point.window(backups, datetime.fromisoformat(moment), datetime.now(UTC)) if moment else backups[-1]
    _CHOSEN.write_text(chosen.label, encoding="utf-8")
    return {"label": chosen.label, "type": chosen.type, "stopped": chosen.stopped, "bytes": chosen.bytes}


def restore() -> dict[str, Any]:
    """The backup's files in the server's data folder."""
    data = Path(common.settings().cluster)
    data.mkdir(mode=0o700, exist_ok=True)
    if any(data.iterdir()):
        raise BackupError("the data folder isn't empty")
    turned = timelines.known()
    along = [f"--target-timeline={turned.target}"] if turned.timeline else []
    repository.run("restore", f"--set={_CHOSEN.read_text(encoding='utf-8')}", *along)
    return {}


def compare() -> dict[str, Any]:
    """Replay the log to where the manifest of the backup was taken, and compare with that, table by table."""
    known = state.evidence(_CHOSEN.read_text(encoding="utf-8"))
    found: dict[str, Any] = {"manifest": bool(known), "tables": 0, "rows": 0, "differences": []}
    if not known:
        return found
    server = _server()
    try:
        for moment in known["moments"]:
            server.start({"recovery_target_lsn": moment["lsn"], "recovery_target_inclusive": "off"})
            found["differences"] += comparison.differences(server, moment["databases"], found)
            server.stop()
    finally:
        server.stop()
    return found


def open_() -> dict[str, Any]:
    """Replay the rest, take changes, give the roles the passwords of the kit, and end with all of it archived."""
    task, server = _task(), _server()
    moment = task["to"]
    try:
        server.recover({"recovery_target_time": moment, "recovery_target_inclusive": "on"} if moment else {})
        with server.connect("postgres") as session:
            for parameter in _LEFT:  # pgBackRest has written them into the data folder's own settings
                session.execute(sql.SQL("ALTER SYSTEM RESET {}").format(sql.Identifier(parameter)))
            roles = _names(session, "SELECT rolname FROM pg_roles")
            _set_passwords(session, {name: its for name, its in task["passwords"].items() if name in roles})
            databases = _names(session, "SELECT datname FROM pg_database WHERE NOT datistemplate")
            _archive(session)
    except BackupError as error:
        if moment and "before configured recovery target" in str(error):
            raise BackupError(f"the archive ends before {moment}: name an earlier time, or none for its end") from None
        raise
    finally:
        server.stop()
    return {"roles": sorted(roles), "databases": sorted(databases)}


def hand_over() -> dict[str, Any]:
    """The repository in the hands of who makes backups."""
    _give(common.USER)
    return {}


def _give(user: str) -> None:
    """All files of the repository to a user, whoever they were when they were copied."""
    found = pwd.getpwnam(user)
    for folder, _, files in os.walk(FOLDER):
        for path in (folder, *(os.path.join(folder, name) for name in files)):
            os.chown(path, found.pw_uid, found.pw_gid, follow_symlinks=False)


def _task() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(TASK.read_text(encoding="utf-8"))
    return found


def _server() -> Scratch:
    settings: Settings = common.settings()
    let_in(_SERVER, settings)
    return Scratch(settings, Path(settings.cluster), _OWN)


def _names(session: psycopg.Connection[Any], query: Any) -> set[str]:
    return {str(name) for (name,) in session.execute(query).fetchall()}


def _set_passwords(session: psycopg.Connection[Any], verifiers: Mapping[str, str]) -> None:
    line = sql.SQL("ALTER ROLE {} PASSWORD {}")
    for name, verifier in verifiers.items():
        session.execute(line.format(sql.Identifier(name), sql.Literal(verifier)))


def _archive(session: psycopg.Connection[Any]) -> None:
    """Wait until the archive has what was written since. Raises BackupError."""
    row = session.execute("SELECT pg_walfile_name(pg_switch_wal())").fetchone()
    end = time.monotonic() + _ARCHIVE_SECONDS
    while not (session.execute(_ARCHIVED, row).fetchone() or (False,))[0]:
        if time.monotonic() > end:
            raise BackupError("the repository doesn't take the log of the restored server")
        time.sleep(0.1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
