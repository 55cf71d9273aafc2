"""What a benchmark answers, and where it is kept: figures with their targets, the machine, the versions, the date.

Owns the files under `results/` and the printed table. What the figures mean is written in docs/benchmarks.md.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any, Final

import docker
from docker.errors import DockerException

FOLDER: Final = Path(__file__).parent / "results"
_PACKAGES: Final = ("pulumi", "grpcio", "protobuf", "pulumi-docker", "pulumi-random", "pydantic")


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One measured value. `target` is its highest good value, `lowest` its lowest one; a value with neither only tells.

    `runs` is its basis.
    """

    name: str
    value: float
    unit: str
    target: float | None = None
    lowest: float | None = None
    runs: Sequence[float] = ()

    @property
    def verdict(self) -> str:
        """Whether the target is met, "" without one."""
        if self.lowest is not None:
            return f"{'met' if self.value >= self.lowest else 'missed'} (at least {self.lowest:g})"
        if self.target is None:
            return ""
        return f"{'met' if self.value <= self.target else 'missed'} ({self.target:g})"


@dataclass(frozen=True, kw_only=True)
class Result:
    """The figures of one benchmark; `notes` say what was left out and why."""

    name: str
    figures: Sequence[Figure]
    notes: Sequence[str] = ()


def keep(result: Result) -> Path:
    """Print a result and write it with the machine it comes from; one file for each benchmark and day."""
    now = datetime.now(UTC)
    print(f"\n{result.name}")
    for figure in result.figures:
        print(f"  {figure.name:<58} {figure.value:>9.2f} {figure.unit:<4} {figure.verdict}".rstrip())
    for note in result.notes:
        print(f"  note: {note}")
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"{now:%Y-%m-%d}-{result.name}.json"
    content = {"date": f"{now:%Y-%m-%dT%H:%M:%SZ}", "machine": machine(), **asdict(result)}
    path.write_text(json.dumps(content, indent=1, default=str) + "\n")
    return path


def machine() -> dict[str, Any]:
    """What the figures depend on. `load` is the load average of the last minute: others at work spoil seconds."""
    return {
        "processors": os.cpu_count(),
        "processor": _after("/proc/cpuinfo", "model name"),
        "memory_mib": int(_after("/proc/meminfo", "MemTotal").split()[0]) // 1024,
        "kernel": platform.release(),
        "load": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "docker": _docker(),
        "commit": _commit(),
        "packages": {name: metadata.version(name) for name in _PACKAGES},
    }


def _after(path: str, key: str) -> str:
    lines = Path(path).read_text().splitlines()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith(key)), "0 unknown")


def _docker() -> str:
    try:
        return str(docker.from_env().version()["Version"])
    except DockerException:
        return "no daemon"


def _commit() -> str:
    command = ["git", "describe", "--always", "--dirty"]
    done = subprocess.run(command, cwd=FOLDER.parent, capture_output=True, text=True, check=False)  # noqa: S603
    return done.stdout.strip() or "unknown"
