"""The screen of a run: one line when a step begins and ends, with seconds; on a terminal also what runs now."""

from __future__ import annotations

import sys
import threading
import time
from contextlib import AbstractContextManager
from typing import Self, TextIO

from embedded.display.record import SIGNS, Message, Record
from embedded.engine import urn as urns
from embedded.engine.steps import Op, Step
from embedded.providers.base import Kind

LONG = 10  # seconds after which a step that still runs is named again where there is no terminal
_VERBS = {
    Op.CREATE: ("creating", "created", "create"),
    Op.UPDATE: ("updating", "updated", "update"),
    Op.REPLACE: ("replacing", "replaced", "replace"),
    Op.CREATE_REPLACEMENT: ("creating replacement", "created replacement", "create replacement"),
    Op.DELETE_REPLACED: ("deleting original", "deleted original", "delete original"),
    Op.DELETE: ("deleting", "deleted", "delete"),
    Op.REFRESH: ("refreshing", "refreshed", "refresh"),
    Op.IMPORT: ("importing", "imported", "import"),
}
_COLORS = {
    Op.CREATE: 32,
    Op.UPDATE: 33,
    Op.DELETE: 31,
    Op.REPLACE: 35,
    Op.CREATE_REPLACEMENT: 32,
    Op.DELETE_REPLACED: 31,
}


class Progress(AbstractContextManager["Progress"]):
    """Prints steps and messages as they come. `quiet` keeps the record only (for --json and --diff)."""

    def __init__(self, record: Record, *, preview: bool, quiet: bool, color: bool, out: TextIO | None = None) -> None:
        self.record = record
        self._preview = preview
        self._quiet = quiet
        self._color = color
        self._out = out or sys.stdout
        self._live = not quiet and self._out.isatty()
        self._running: dict[tuple[Op, str], tuple[Step, float, int]] = {}
        self._lock = threading.Lock()
        self._done = threading.Event()
        self._ticker = threading.Thread(target=self._tick, daemon=True)

    def __enter__(self) -> Self:
        if not self._quiet:
            self._ticker.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._done.set()
        if self._ticker.is_alive():
            self._ticker.join()
        self._erase()

    def started(self, step: Step) -> None:
        """A step begins."""
        if urns.is_default_provider(step.urn):
            return
        with self._lock:
            self._running[step.op, step.urn] = (step, time.monotonic(), LONG)
            if not self._preview or step.op is Op.REFRESH:
                self._line(step, f"{_VERBS[step.op][0]} (0s){_differences(step)}")

    def ended(self, step: Step, seconds: float, error: str = "") -> None:
        """A step has been carried out, or has failed."""
        self.record.add(step, error)
        with self._lock:
            self._running.pop((Op.REFRESH if step.refreshed else step.op, step.urn), None)
            if step.op is Op.SAME or urns.is_default_provider(step.urn):
                if step.options:
                    self._line(step, f" [diff: ~{','.join(step.options)}]")
                return
            doing, did, would = _VERBS[step.op]
            if error:
                self._line(step, f"**{doing} failed** error: {error.splitlines()[0]}")
            elif not self._preview:
                self._line(step, f"{did} ({_seconds(seconds)}){_differences(step)}")
            elif step.op not in (Op.CREATE_REPLACEMENT, Op.DELETE_REPLACED):
                self._line(step, f"{would}{_differences(step)}")

    def message(self, severity: str, text: str, urn: str = "") -> None:
        """Something that program, provider or engine says; errors are shown at the end, with their resource."""
        if severity == "debug" or not text.strip():
            return
        with self.record.lock:
            self.record.messages.append(Message(severity, text, urn))
        if severity == "info":
            with self._lock:
                self._print(f"    {text}")

    def printed(self, line: str) -> None:
        """A line that the program itself has printed."""
        self.message("info", line)

    def _line(self, step: Step, text: str) -> None:
        sign = SIGNS[step.op]
        if self._color and step.op in _COLORS:
            sign = f"\033[{_COLORS[step.op]}m{sign}\033[0m"
        self._print(f" {sign} {urns.short_type(step.type)} {urns.name_of(step.urn)} {text}")

    def _print(self, text: str) -> None:
        if not self._quiet:
            self._erase()
            print(text, file=self._out, flush=True)

    def _erase(self) -> None:
        if self._live:
            self._out.write("\r\033[K")
            self._out.flush()

    def _tick(self) -> None:
        while not self._done.wait(0.5):
            with self._lock:
                if self._live:
                    self._status()
                else:
                    self._remind()

    def _status(self) -> None:
        if self._running:
            step, began, _ = min(self._running.values(), key=lambda item: item[1])
            others = f" and {len(self._running) - 1} more" if len(self._running) > 1 else ""
            text = f"  … {urns.name_of(step.urn)} {_VERBS[step.op][0]} ({time.monotonic() - began:.0f}s){others}"
            self._out.write(f"\r\033[K{text}")
            self._out.flush()

    def _remind(self) -> None:
        for key, (step, began, due) in list(self._running.items()):
            if time.monotonic() - began >= due:
                self._running[key] = (step, began, due + LONG)
                self._line(step, f"{_VERBS[step.op][0]} ({due}s)")


def _seconds(seconds: float) -> str:
    return f"{seconds:.0f}s" if seconds >= 1 else f"{seconds:.2f}s"


def _differences(step: Step) -> str:
    """` [diff: ~envs]`: changed top-level properties with their signs."""
    signs = {Kind.ADD: "+", Kind.ADD_REPLACE: "+", Kind.DELETE: "-", Kind.DELETE_REPLACE: "-"}
    groups: dict[str, list[str]] = {"+": [], "-": [], "~": []}
    for key in dict.fromkeys(step.diff.diffs):
        kind = step.diff.detailed.get(key)
        groups[signs.get(kind, "~") if kind else "~"].append(key)
    text = "".join(f"{sign}{','.join(keys)}" for sign, keys in groups.items() if keys)
    return f" [diff: {text}]" if text else ""
