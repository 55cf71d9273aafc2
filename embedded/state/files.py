"""Files that other users can't read and a crash can't tear: folders 0700, files 0600, written aside and renamed."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path


def make_folder(folder: Path) -> None:
    """Make a folder and its missing parents, each 0700."""
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)


def write(path: Path, text: str, *, keep: Path | None = None) -> None:
    """Replace the content of `path`: after a crash it has the old or the new content, on the disk.

    `keep` receives what was there before. Raises OSError when the disk is full or not writable; then `path` is
    untouched.
    """
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if keep is not None and path.exists():
            preserve(path, keep)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    forget_attributes(path)
    sync_folder(path.parent)


def forget_attributes(path: Path) -> None:
    """Remove the CLI's side file with the checksum of the old content; the CLI does without one."""
    path.with_name(f"{path.name}.attrs").unlink(missing_ok=True)


def preserve(path: Path, keep: Path) -> None:
    """Give a file a second name, before its own is given to another: a hard link costs no second write."""
    aside = keep.with_name(f".{keep.name}.{os.getpid()}")
    with contextlib.suppress(FileNotFoundError):
        aside.unlink()
    os.link(path, aside)
    aside.replace(keep)
    forget_attributes(keep)


def write_at(handle: int, data: bytes, offset: int) -> None:
    """Write all of `data`; the disk may take it in parts. Raises OSError."""
    written = 0
    while written < len(data):
        written += os.pwrite(handle, data[written:], offset + written)


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk. Raises OSError."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
