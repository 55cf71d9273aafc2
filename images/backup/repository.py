"""pgBackRest's commands, and what its repository holds."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from images.backup.common import RUNTIME, BackupError

STANZA: Final = "main"
_SAID: Final = re.compile(r"^(?:P\d\d\s+)?(?:ERROR|FATAL): (?:\[\d+\]: )?(.+)$", re.MULTILINE)
_LONGEST: Final = 24 * 3600
_ANSWERED: Final = re.compile(r"HTTP request failed with (\d{3})[^\n:]*")
_BEHIND: Final = re.compile(r"^\s*(\w+Error): (.+)$", re.MULTILINE)
_MISSING: Final = "its info files are missing: the repository's service has no such bucket, or they were deleted"
_ANSWERS: Final = {
    "403": "the repository's service refuses the access key or its secret, or they may not use the bucket (403)",
    "404": "the repository's service has no such bucket (404)",
}


@dataclass(frozen=True, kw_only=True)
class Saved:
    """One backup: when it began and ended (seconds since 1970), its place in the log, and its bytes.

    `bytes` are those of the database, `stored` what it takes in the repository by itself.
    """

    label: str
    type: str
    started: int
    stopped: int
    first_lsn: str
    last_lsn: str
    first_segment: str
    last_segment: str
    bytes: int
    stored: int


def run(command: str, *options: str, seconds: int = _LONGEST) -> str:
    """What a command answers. Raises BackupError with what it says."""
    line = ["pgbackrest", f"--config={RUNTIME}", f"--stanza={STANZA}", *options, command]
    try:
        # what a wrong key makes of a file is in the message, and no text
        done = subprocess.run(line, capture_output=True, text=True, errors="replace", timeout=seconds, check=False)  # noqa: S603
    except subprocess.TimeoutExpired:
        raise BackupError(f"pgbackrest {command} didn't end in {seconds} s") from None
    if done.returncode:
        raise BackupError(reason(done.stderr) or reason(done.stdout) or f"pgbackrest {command}: code {done.returncode}")
    return done.stdout


def reason(text: str) -> str | None:
    """The first error in what pgBackRest has said; in plain words where it only has a service's number for it."""
    found = _SAID.search(text)
    if found is None:
        return None
    if answered := _ANSWERED.search(text, found.start()):
        return _ANSWERS.get(answered.group(1), answered.group(0))
    said = found.group(1).strip()
    if said.endswith(":") and (behind := _BEHIND.search(text, found.end())):
        return _MISSING if behind.group(1) == "FileMissingError" else behind.group(2).strip()
    return said


def saved(text: str | None = None) -> list[Saved]:
    """The backups in the repository, oldest first. Raises BackupError."""
    told = json.loads(text or run("info", "--output=json"), strict=False)  # a wrong key's message is no text
    stanza: dict[str, Any] = next(iter(told), {})
    wrong = stanza.get("status", {})
    if wrong.get("code") not in (0, 2, None):  # 2: no backup yet
        raise BackupError(f"the repository can't be used: {wrong.get('message')}")
    return [_one(entry) for entry in stanza.get("backup", []) if not entry.get("error")]


def system() -> int | None:
    """The identifier of the database system that is backed up, None before there is one. Raises BackupError."""
    stanza: dict[str, Any] = next(iter(json.loads(run("info", "--output=json"))), {})
    known: list[dict[str, int]] = stanza.get("db") or [{}]
    return known[-1].get("system-id")


def _one(entry: dict[str, Any]) -> Saved:
    return Saved(
        label=entry["label"],
        type=entry["type"],
        started=entry["timestamp"]["start"],
        stopped=entry["timestamp"]["stop"],
        first_lsn=entry["lsn"]["start"],
        last_lsn=entry["lsn"]["stop"],
        first_segment=entry["archive"]["start"],
        last_segment=entry["archive"]["stop"],
        bytes=entry["info"]["size"],
        stored=entry["info"]["repository"].get("delta") or 0,
    )


def before(moment: datetime, backups: list[Saved]) -> Saved | None:
    """The newest backup that had ended by then: a restore to `moment` starts from it."""
    return next((one for one in reversed(backups) if datetime.fromtimestamp(one.stopped, UTC) <= moment), None)
