"""Prometheus in its container: started when it has been given its configuration, and told of every later one.

Beside it serves, on loopback alone, what commands on the host have found out (`/etc/monitoring/told/*.prom`), such as
the data ports that `operate reach` found open.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from images.exposition import answering

CONFIG: Final = Path("/etc/monitoring/prometheus.yml")
TOLD: Final = Path("/etc/monitoring/told")
ALIVE: Final = Path("/dev/shm/alive")  # noqa: S108 - the container's own, in memory
TOLD_PORT: Final = 9191
_PAUSE: Final = 0.5


def told(folder: Path) -> str:
    """The files, one after the other; each is put there whole."""
    return "".join(file.read_text() for file in sorted(folder.glob("*.prom")))


def version(path: Path) -> tuple[int, int]:
    """What is another number when the file has been put anew."""
    its = path.stat()
    return its.st_ino, its.st_mtime_ns


def main(arguments: Sequence[str]) -> int:
    """Run until Prometheus ends; its exit code. `arguments` are Prometheus' own."""
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    server = answering("127.0.0.1", TOLD_PORT, lambda: told(TOLD))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    while not CONFIG.exists():
        ALIVE.touch()  # well, for what it waits for comes after it
        if stopping.wait(_PAUSE):
            return 0
    seen = version(CONFIG)
    process = subprocess.Popen(["prometheus", f"--config.file={CONFIG}", *arguments])  # noqa: S603, S607
    while process.poll() is None:
        ALIVE.touch()
        if stopping.wait(_PAUSE):
            process.terminate()
            return process.wait()
        now = version(CONFIG)
        if now != seen:
            seen = now
            process.send_signal(signal.SIGHUP)
    time.sleep(_PAUSE)  # a configuration that it can't start with isn't tried without end
    return process.returncode or 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
