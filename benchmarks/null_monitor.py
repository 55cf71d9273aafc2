"""Runs a program against a monitor that answers at once and keeps nothing: `python -m benchmarks.null_monitor PROGRAM`.

The floor under an engine's time: same interpreter, same launcher, same protocol, no state, no providers.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from embedded.engine import processes

PARALLEL: Final = 16  # as `up` has it


def main() -> int:
    """Run the program to its end and print how many registrations were answered; the program's exit code."""
    program = Path(sys.argv[1]).resolve()
    env = processes.environment(
        project="many", stack="null", preview=False, parallel=PARALLEL, root=program, config={}, secret=[]
    )
    child = processes.start_program(Path(sys.executable), program, env, print)
    from benchmarks import null_services  # the program imports the SDK at the same time, as under the engine

    server = null_services.Server(PARALLEL)
    try:
        child.tell(server.address)
        code = child.wait()
        print(f"{len(server.answered)} registrations answered")
        return 1 if code is None else code
    finally:
        server.stop()
        child.stop()


if __name__ == "__main__":
    sys.exit(main())
