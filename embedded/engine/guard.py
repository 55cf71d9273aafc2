"""Ends this process when the engine that started it is gone, so that a killed engine leaves nothing behind.

The engine keeps the other end of standard input open as long as it lives. `python -m embedded.engine.guard MODULE ...`
runs a module under this guard. Imports nothing but the standard library: program and pack have a Python of their own.
"""

from __future__ import annotations

import os
import runpy
import sys
import threading


def watch() -> None:
    """Exit at the end of standard input, from a thread of its own."""

    def wait() -> None:
        while os.read(0, 1024):
            pass
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def main() -> None:
    """Run the module named first, with the arguments after it."""
    sys.argv = sys.argv[1:]
    watch()
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
