"""Ctrl-C and SIGTERM: the first ends a run in order, the second at once. Source: the CLI's own behaviour and words."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_WORDS = (
    "\n{name} received; cancelling. What runs now is finished and written, nothing more is started. "
    "Once more ends at once: what runs then is in an unknown state."
)


@contextmanager
def cancelling(cancel: Callable[[], None]) -> Iterator[None]:
    """Call `cancel` at the first signal, end the process at the second; only in the main thread."""
    seen: list[int] = []

    def handle(number: int, frame: FrameType | None) -> None:  # noqa: ARG001  the signature of handlers
        if seen:
            os._exit(128 + number)
        seen.append(number)
        name = "^C" if number == signal.SIGINT else signal.Signals(number).name
        print(_WORDS.format(name=name), file=sys.stderr, flush=True)
        cancel()

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
