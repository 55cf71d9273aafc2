"""Does long tasks, a few at a time, and shows that they go on.

On a terminal one line counts the seconds; elsewhere every task has a line at its start, every 15 s, and at its end.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from typing import Final

_LIVE_SECONDS: Final = 1.0
_PLAIN_SECONDS: Final = 15.0


def say(text: str) -> None:
    """One line for the person."""
    print(f"{_clear()}{text}\n", end="", flush=True)  # one write: threads must not break each other's lines


def run_all(tasks: Mapping[str, Callable[[], None]], at_once: int) -> dict[str, float]:
    """Do every task and give the seconds of each. The first error is raised; tasks not begun by then never begin."""
    if not tasks:
        return {}
    began: dict[str, float] = {}
    seconds: dict[str, float] = {}

    failed = threading.Event()

    def timed(name: str) -> None:
        if failed.is_set():
            return
        began[name] = time.monotonic()
        if not _live():
            say(f"building {name}")
        try:
            tasks[name]()
        except BaseException:
            failed.set()
            raise

    pool = ThreadPoolExecutor(at_once)
    running = {pool.submit(timed, name): name for name in tasks}
    try:
        while running:
            done, _ = wait(running, _LIVE_SECONDS if _live() else _PLAIN_SECONDS, FIRST_COMPLETED)
            for future in sorted(done, key=lambda one: one.exception() is None):  # errors first
                name = running.pop(future)
                future.result()
                seconds[name] = round(time.monotonic() - began.pop(name), 1)
                say(f"built {name} ({seconds[name]:.0f}s)")
            if not done:
                _show(began)
    finally:
        pool.shutdown(cancel_futures=True)
        print(_clear(), end="", flush=True)
    return seconds


def _show(began: Mapping[str, float]) -> None:
    now = time.monotonic()
    text = "building " + ", ".join(f"{name} ({now - since:.0f}s)" for name, since in list(began.items()))
    print(f"{_clear()}{text}", end="" if _live() else "\n", flush=True)


def _live() -> bool:
    return sys.stdout.isatty()


def _clear() -> str:
    return "\r\033[K" if _live() else ""
