"""What containers hold in memory, from the kernel's own accounts: control groups of version 1 or 2."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path("/sys/fs/cgroup")
_MEBIBYTE: Final = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Memory:
    """MiB of one or several containers.

    `held` is anonymous and shared memory, which can't be dropped; `working_set` is all but file pages not used lately,
    as `docker stats` counts.
    """

    held: float
    working_set: float


def of(containers: list[Any]) -> Memory:
    """The sum over running containers (of the Docker SDK). Raises OSError where a control group can't be read."""
    parts = [_of_process(int(container.attrs["State"]["Pid"])) for container in containers]
    return Memory(held=sum(part.held for part in parts), working_set=sum(part.working_set for part in parts))


def _of_process(pid: int) -> Memory:
    groups = [line.split(":", 2) for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines()]
    first = next((path for _, controllers, path in groups if "memory" in controllers.split(",")), None)
    if first is not None:
        folder, usage, prefix, anonymous = ROOT / "memory" / first[1:], "memory.usage_in_bytes", "total_", "rss"
    else:
        folder, usage, prefix, anonymous = ROOT / groups[-1][2][1:], "memory.current", "", "anon"
    stat = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
    held = int(stat[f"{prefix}{anonymous}"]) + int(stat[f"{prefix}shmem"])
    working_set = int((folder / usage).read_text()) - int(stat[f"{prefix}inactive_file"])
    return Memory(held=held / _MEBIBYTE, working_set=working_set / _MEBIBYTE)
