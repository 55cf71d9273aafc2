"""The copies of backup repositories that a rebuild is given: where each server's is, and how it gets into a volume."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final, cast

from operate.errors import OperateError
from operate.recovery.plan import Restored

_ENDS: Final = ("", ".tar", ".tar.gz", ".tgz")
_INSIDE: Final = "repository"


def find(servers: Sequence[Restored], where: Path) -> dict[str, Path]:
    """The copy of each server's repository: `where` itself for an only server, else what is called like its volume or
    the server there, as a folder or a tar. Raises OperateError with all that are missing.
    """
    if elsewhere := [its.name for its in servers if its.elsewhere]:
        raise OperateError(
            f"the backup repository of {', '.join(elsewhere)} is at an S3 service, "
            "and a rebuild takes copies of volumes only"
        )
    if not where.exists():
        raise OperateError(f"--repository {where}: there is nothing")
    if len(servers) == 1 and (where.is_file() or (where / _INSIDE).is_dir()):
        return {servers[0].key: where}
    found = {its.key: _of(its, where) for its in servers}
    missing = [f"{its.repository.name} ({its.name})" for its in servers if not found[its.key]]
    if missing:
        raise OperateError(
            f"--repository {where} has no copy of {', '.join(missing)}: put each there as a folder of that name, "
            "or as a tar of it"
        )
    return {key: path for key, path in found.items() if path}


@contextmanager
def packed(copy: Path) -> Iterator[BinaryIO]:
    """A copy as a tar, which is made on the way where it is a folder. Raises OperateError."""
    if copy.is_file():
        try:
            with copy.open("rb") as file:
                yield file
        except OSError as error:
            raise OperateError(f"{copy} can't be read: {error.strerror}") from None
        return
    line = ["tar", "--create", "--directory", str(copy), "."]
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as tar:  # noqa: S603
        out, errors = cast("BinaryIO", tar.stdout), cast("BinaryIO", tar.stderr)  # both are pipes
        yield out
        out.close()
        said = errors.read().decode(errors="replace").strip().splitlines()
    if tar.returncode:
        raise OperateError(f"{copy} can't be read: {said[-1] if said else 'tar failed'}")


def _of(its: Restored, where: Path) -> Path | None:
    names = (f"{name}{end}" for name in (its.repository.name, its.name) for end in _ENDS)
    return next((where / name for name in names if (where / name).exists()), None)
