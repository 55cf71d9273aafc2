"""Leads to the primary of a server that has members: its data folder and its socket, by one link, turned at once.

pgBackRest compares the path of the data folder with what the server says, which is the same in every member. Both ways
go by one link, so that never one member is asked and the files of another are read. A job under way when it is turned
fails, because the member that it has asked has ended.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from images.backup.common import Settings

CURRENT: Final = "current"  # in the folder that members share: a link to that of the one which takes writes


def follow(settings: Settings) -> None:
    """Turn to the member that takes writes; stays where it is while none says that it does. Raises OSError."""
    if not settings.members:
        return
    shared, data = Path(settings.members), Path(settings.cluster).parent
    try:
        number = (shared / CURRENT / "number").read_text(encoding="utf-8").strip()
    except OSError:
        return
    link = Path(settings.sockets).parent
    _link(link.parent / number / Path(settings.sockets).name, str(shared / number))
    _link(link, number)
    _link(data, str(link / data.name))


def _link(path: Path, target: str) -> None:
    if path.is_symlink() and os.readlink(path) == target:
        return
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(target)
    temporary.replace(path)
