"""Which way the server's log has gone: after a restore it goes on along a new timeline.

A backup that was made further along a timeline than where that was left doesn't lead to what the server is now.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from images.backup import state
from images.backup.moments import lsn, written
from images.backup.repository import Saved

LATEST: Final = "latest"
_TURNED: Final = "timeline"
_FILE: Final = re.compile(r"([0-9A-F]{8})\.history")
_LINE: Final = re.compile(r"^\s*(\d+)\s+([0-9A-F]+/[0-9A-F]+)", re.MULTILINE)
_SYSTEM: Final = re.compile(r"^Database system identifier:\s+(\d+)$", re.MULTILINE)


@dataclass(frozen=True)
class History:
    """The timeline that the server is on, None where nobody knows, and at which place each earlier one was left."""

    timeline: int | None
    left: Mapping[int, int] = field(default_factory=dict)

    @property
    def target(self) -> str:
        """Along which one a restore goes, in PostgreSQL's words."""
        return LATEST if self.timeline is None else str(self.timeline)

    def has(self, one: Saved) -> bool:
        """Whether the server's log has come by the end of a backup."""
        on = timeline(one)
        if self.timeline is None or on == self.timeline:
            return True
        return on in self.left and lsn(one.last_lsn) <= self.left[on]

    def of(self, backups: Sequence[Saved]) -> list[Saved]:
        """Those from which a restore can go on."""
        return [one for one in backups if self.has(one)]


def timeline(one: Saved) -> int:
    """The one on which a backup ended."""
    return int(one.last_segment[:8], 16)


def parse(number: int, text: str) -> History:
    """From what PostgreSQL writes into the history file of a timeline."""
    return History(number, {int(match[1]): lsn(match[2]) for match in _LINE.finditer(text)})


def current(cluster: str, system: int | None) -> History:
    """That of the cluster in a folder; unknown where it is none, or not of the `system` that was backed up."""
    done = subprocess.run(["pg_controldata", cluster], capture_output=True, text=True, check=False)  # noqa: S603, S607
    found = _SYSTEM.search(done.stdout)
    if done.returncode or not found or (system is not None and int(found[1]) != system):
        return History(None)
    try:
        named = ((path, _FILE.fullmatch(path.name)) for path in Path(cluster, "pg_wal").iterdir())
        files = {int(match[1], 16): path for path, match in named if match}
        newest = max(files, default=1)
        return parse(newest, files[newest].read_text(encoding="utf-8")) if files else History(1)
    except OSError:
        return History(None)


def turned_back(history: History) -> None:
    """Remember that the server went back to a timeline which isn't the archive's newest. Raises OSError."""
    left = {str(number): written(place) for number, place in history.left.items()}
    state.note(_TURNED, timeline=history.timeline, left=left)


def went_on() -> None:
    """Forget that: the server's timeline is the newest again. Raises OSError."""
    if known().timeline is not None:
        state.note(_TURNED, timeline=None, left={})


def known() -> History:
    """What is remembered, for who has no cluster to look at; unknown where the newest one is the server's."""
    its = state.runs().get(_TURNED, {})
    return History(its.get("timeline"), {int(number): lsn(place) for number, place in its.get("left", {}).items()})
