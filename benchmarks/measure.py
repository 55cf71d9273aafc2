"""One run of a command with its time and memory, and medians over several.

Owns clocks and /proc. What is run and what a figure means belongs to each benchmark.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_SAMPLE: Final = 0.02  # seconds; the kernel keeps the peak itself, so only its last moments can be missed


@dataclass(frozen=True, kw_only=True)
class Run:
    """One command that has ended well.

    `seconds` on the clock, `processor` seconds of it and its children, `peak` MiB of its own process, `out` as printed.
    """

    seconds: float
    processor: float
    peak: float
    out: str


def run(command: list[str], directory: Path, env: Mapping[str, str], timeout: float = 600) -> Run:
    """Run a command to its end; children count in the time and not in the memory. Exits with its output on failure."""
    with tempfile.TemporaryFile("w+") as out:
        began, before = time.perf_counter(), _processor()
        child = subprocess.Popen(  # noqa: S603  the benchmarks' own commands
            command, cwd=directory, env=dict(env), stdout=out, stderr=subprocess.STDOUT
        )
        watch = _Peak(child.pid)
        try:
            code = child.wait(timeout)
        except BaseException:
            child.terminate()
            child.wait()
            raise
        seconds, used = time.perf_counter() - began, _processor() - before
        peak = watch.end()
        out.seek(0)
        text = out.read()
    if code:
        sys.exit(f"{' '.join(command)} failed with exit code {code}:\n{text}")
    return Run(seconds=seconds, processor=used, peak=peak, out=text)


def _processor() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class _Peak:
    """Follows a process's high-water mark until it ends."""

    def __init__(self, pid: int) -> None:
        self._status = Path(f"/proc/{pid}/status")
        self._highest = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    def end(self) -> float:
        self._over.set()
        self._thread.join()
        return self._highest

    def _follow(self) -> None:
        while not self._over.wait(_SAMPLE):
            try:
                lines = self._status.read_text().splitlines()
            except OSError:
                return
            self._highest = max([self._highest, *(int(line.split()[1]) / 1024 for line in lines if "VmHWM" in line)])
