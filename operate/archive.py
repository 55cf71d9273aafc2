"""Files that are to be put into a container, as the tar that Docker's API takes."""

from __future__ import annotations

import io
import tarfile
import time
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class File:
    """A file, or with `data` None a folder: its mode, and the number of the user and group whose it is."""

    data: bytes | None
    mode: int = 0o444
    owner: int = 0


def pack(files: Mapping[str, File]) -> bytes:
    """The tar of `files` by their paths, which are seen from where it is unpacked."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for path, its in files.items():
            entry = tarfile.TarInfo(path.lstrip("/"))
            entry.type = tarfile.DIRTYPE if its.data is None else tarfile.REGTYPE
            entry.size, entry.mode = len(its.data or b""), its.mode
            entry.uid = entry.gid = its.owner
            entry.mtime = int(time.time())
            tar.addfile(entry, io.BytesIO(its.data or b""))
    return out.getvalue()
