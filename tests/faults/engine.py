"""The engine with a fault built in: `python -m tests.faults.engine SPEC ARGUMENTS...` runs its command line.

Counts the points at which a run can be cut: before and after every durable write (checkpoint, journal and lock all go
through `os.fsync`) and before and after every call that looks at or changes what a provider manages. SPEC is one or
more `key=value`, joined by commas:

    kill=call:N   the process kills itself at the Nth point of a call, kill=write:N at the Nth of a write
    full=N        from write N on the disk is full
    hang=TEXT     calls whose description has TEXT sleep for an hour instead
    seconds=S     a policy pack has S seconds for its start and for each answer
    trace=F       file F gets one line for each point: its kind, its number, and what is being done

The product has no hook: everything is patched from here.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from embedded import cli, providers

CALLS = ("create", "read", "update", "delete", "settle")
HOUR = 3600


class Faults:
    """Counts points, and does at one of them what the specification says."""

    def __init__(self, spec: dict[str, str]) -> None:
        self._kill = spec.get("kill", "")
        self._full = int(spec.get("full", 0))
        self._hang = spec.get("hang", "")
        self._trace = os.open(spec.get("trace", os.devnull), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._points = {"call": 0, "write": 0}
        self._writes = 0
        self._lock = threading.Lock()

    def point(self, kind: str, what: str) -> None:
        """One more point; the last one of a run that is to be killed here."""
        with self._lock:
            self._points[kind] += 1
            point = f"{kind}:{self._points[kind]}"
            os.write(self._trace, f"{point} {what}\n".encode())
            if point == self._kill:
                os.kill(os.getpid(), signal.SIGKILL)

    def write(self, file: int, fsync: Callable[[int], None]) -> None:
        """`os.fsync` with a point on both sides, or the error of a full disk."""
        with self._lock:
            self._writes += 1
            full = self._full and self._writes >= self._full
        name = os.path.basename(os.readlink(f"/proc/self/fd/{file}"))
        self.point("write", f"before {name}")
        if full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        fsync(file)
        self.point("write", f"after {name}")

    def call(self, what: str, call: Callable[[], Any]) -> Any:
        """A provider call with a point on both sides, or one that hangs."""
        self.point("call", f"before {what}")
        if self._hang and self._hang in what:
            time.sleep(HOUR)
        done = call()
        self.point("call", f"after {what}")
        return done


class Counted:
    """A provider whose calls are points; what only foresees isn't one."""

    def __init__(self, provider: Any, faults: Faults) -> None:
        self._provider = provider
        self._faults = faults

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._provider, name)
        return self._counting(name, found) if name in CALLS else found

    def _counting(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        def counted(type: str, id: str, *rest: Any, **options: Any) -> Any:
            if options.get("preview"):
                return method(type, id, *rest, **options)
            return self._faults.call(f"{name} {type} {id}", lambda: method(type, id, *rest, **options))

        return counted


def main() -> int:
    """Build the faults in and run the engine's command line on the rest of the arguments."""
    spec = dict(part.split("=", 1) for part in sys.argv[1].split(",") if part)
    faults = Faults(spec)
    fsync, load = os.fsync, providers.load
    os.fsync = lambda file: faults.write(file, fsync)  # type: ignore[assignment,arg-type]  # called with numbers only
    providers.load = lambda package: Counted(load(package), faults)  # type: ignore[assignment,return-value]  # as one
    if "seconds" in spec:
        from embedded.engine import policies

        policies.START_SECONDS = policies.CALL_SECONDS = int(spec["seconds"])
    return cli.main(sys.argv[2:])


if __name__ == "__main__":
    sys.exit(main())
