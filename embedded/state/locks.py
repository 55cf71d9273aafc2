"""The file backend's locks: one file per running process and stack, the CLI's own, so that each respects the other.

Source: the recorded lock folder and message; the CLI checks, writes, and checks again.
"""

from __future__ import annotations

import getpass
import json
import os
import re
import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from embedded.errors import EngineError
from embedded.state import files


@dataclass
class Hold:
    """A lock that is held. With `stays` it isn't given back: what it guards is not in order yet."""

    stays: bool = False


@contextmanager
def held(folder: Path, url: str) -> Iterator[Hold]:
    """Hold the lock of the stack that `folder` belongs to; `url` is how messages name the folder.

    Raises EngineError, with who holds it, when the stack is locked.
    """
    hold = Hold()
    own = folder / f"{uuid.uuid4()}.json"
    _refuse_if_locked(folder, own, url)
    content = {
        "pid": os.getpid(),
        "username": _username(),
        "hostname": socket.gethostname(),
        "timestamp": datetime.now().astimezone().isoformat(),
    }
    try:
        files.make_folder(folder)
        files.write(own, json.dumps(content, separators=(",", ":")))
    except OSError as error:
        own.unlink(missing_ok=True)
        raise EngineError(f"the stack can't be locked: {folder}: {error.strerror}; mend that, try again") from None
    try:
        _refuse_if_locked(folder, own, url)  # two that wrote at the same moment both give way
        yield hold
    finally:
        if not hold.stays:
            own.unlink(missing_ok=True)


def clear(folder: Path) -> int:
    """Remove every lock of a stack, as `cancel` does; answers how many there were."""
    found = _locks(folder)
    for path in found:
        path.unlink(missing_ok=True)
        files.forget_attributes(path)
    return len(found)


def _refuse_if_locked(folder: Path, own: Path, url: str) -> None:
    others = [path for path in _locks(folder) if path != own]
    if others:
        lines = [
            f"the stack is currently locked by {len(others)} lock(s). Either wait for the other process(es) to end "
            "or delete the lock file with `pulumi cancel`.",
            *(_describe(path, url) for path in others),
        ]
        raise EngineError("\n  ".join(lines))


def _locks(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.json")) if folder.is_dir() else []


def _describe(path: Path, url: str) -> str:
    address, _, query = url.partition("?")
    name = f"{address}/{path.name}" + (f"?{query}" if query else "")
    try:
        content = json.loads(path.read_text())
        when = re.sub(r"\.\d+", "", content["timestamp"]).replace("+00:00", "Z")
        return f"{name}: created by {content['username']}@{content['hostname']} (pid {content['pid']}) at {when}"
    except (OSError, ValueError, KeyError, TypeError):
        return f"{name}: unreadable lock file"


def _username() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user id without an entry, as in some containers
        return str(os.getuid())
