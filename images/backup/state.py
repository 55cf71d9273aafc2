"""What has been done and what came out: files of JSON beside the repository. Names and figures only."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from images.backup.common import FOLDER, BackupError

_RUNS: Final = FOLDER / "runs.json"
_LOCK: Final = FOLDER / "lock"
_EVIDENCE: Final = FOLDER / "evidence"


@contextmanager
def alone(server: str) -> Iterator[None]:
    """One job at a time, whoever asked for it. Raises BackupError for a second one."""
    descriptor = os.open(_LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise BackupError(f"another backup or restore of {server} is at work: try again when it has ended") from None
    finally:
        os.close(descriptor)


def runs() -> dict[str, dict[str, Any]]:
    """By kind of job: when it was tried, did well, failed, and why."""
    return _read(_RUNS) or {}


def note(kind: str, **what: Any) -> None:
    """Remember of a job what is given. Raises OSError."""
    found = runs()
    found[kind] = {**found.get(kind, {}), **what}
    _write(_RUNS, found)


def evidence(label: str) -> dict[str, Any] | None:
    """What was found out about a backup, None where nothing was."""
    found: dict[str, Any] | None = _read(_EVIDENCE / f"{label}.json")
    return found


def keep(label: str, content: Mapping[str, Any]) -> None:
    """Write what was found out about a backup. Raises OSError."""
    _EVIDENCE.mkdir(exist_ok=True)
    _write(_EVIDENCE / f"{label}.json", content)


def forget(labels: set[str]) -> None:
    """Drop what is known of backups that aren't among `labels` any more."""
    for path in _EVIDENCE.glob("*.json"):
        if path.stem not in labels:
            path.unlink(missing_ok=True)


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None


def _write(path: Path, content: Any) -> None:
    temporary = path.with_suffix(f".{os.getpid()}")
    with temporary.open("w", encoding="utf-8") as file:
        json.dump(content, file)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
