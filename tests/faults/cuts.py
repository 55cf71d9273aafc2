"""Runs that are killed at a point, and what has to hold once the next run has been through.

Owns the phases of a stack's life and the questions after each cut; which points are tried is the caller's.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.embedded.conftest import Result
from tests.faults.stack import FaultStack, run

KILLED = -9
NOWHERE = ""
UP = ("up", "--yes", "--skip-preview")
DESTROY = ("destroy", "--yes", "--skip-preview")
PHASES = {"create": 1, "change": 2, "change back": 1, "destroy": 1}
"""The phases of one round with the program's version in each."""
COMMANDS = {
    "create": ("create stable 1", "create changing 1", "create triggered 1", "create early-command 1"),
    "change": (
        "update changing 2",
        "create triggered 2",
        "delete triggered 1",
        "create late-command 2",
        "delete early-command 1",
    ),
    "change back": (
        "update changing 1",
        "create triggered 1",
        "delete triggered 2",
        "create early-command 1",
        "delete late-command 2",
    ),
    "destroy": ("delete stable 1", "delete changing 1", "delete triggered 1", "delete early-command 1"),
}
"""What the program's commands write down in each phase."""


@dataclass
class Cut:
    """One phase with the points at which it was killed; the first is the phase's own, others cut the recovery."""

    phase: str
    points: Sequence[str]
    where: list[str] = field(default_factory=list)  # what was being done at each; fewer than points: never got there
    problems: list[str] = field(default_factory=list)
    seconds: float = 0

    def __str__(self) -> str:
        text = f"{self.phase}, killed at {' and then '.join(self.where) or 'no point'} ({self.seconds:.0f} s)"
        return "\n    ".join([text, *self.problems])


class Rounds:
    """A stack's life over and over: made, changed, changed back, destroyed."""

    def __init__(self, stack: FaultStack) -> None:
        self.stack = stack
        self._trace = stack.workspace.root / "trace"

    def points(self) -> dict[str, list[str]]:
        """One round without a fault; the points of each phase. Raises AssertionError when something is wrong."""
        found = {}
        for phase in PHASES:
            cut = self.cut(phase, [NOWHERE])
            assert not cut.problems, str(cut)
            found[phase] = [line.split()[0] for line in _lines(self._trace)]
        return found

    def cut(self, phase: str, points: Sequence[str]) -> Cut:
        """Go through a phase with one kill after the other, then to its end, and ask whether all is as it must be."""
        cut, began = Cut(phase, points), time.monotonic()
        self._prepare(phase)
        self.stack.log.write_text("")
        command = DESTROY if phase == "destroy" else UP
        for point in points:
            if not self._killed(cut, point, command):
                break
        else:
            self._converge(cut, command)
        cut.problems += [*self._questions(phase), *self._commands(cut)]
        cut.seconds = time.monotonic() - began
        return cut

    def _prepare(self, phase: str) -> None:
        if phase == "destroy":
            self.stack.workspace.pulumi("state", "unprotect", "--all", "--yes")
        else:
            self.stack.version(PHASES[phase])

    def _killed(self, cut: Cut, point: str, command: Sequence[str]) -> bool:
        """Whether the run was killed, which leaves the stack unlocked; one that ends before must end well."""
        self._trace.unlink(missing_ok=True)
        result = run(self.stack.workspace, f"kill={point},trace={self._trace}", *command)
        if result.code != KILLED:
            cut.problems += _failed(command[0], result)
            return False
        cut.where.append(_lines(self._trace)[-1])
        if self._is_locked():
            locked = run(self.stack.workspace, "", *UP)
            if locked.code == 0 or "currently locked by 1 lock" not in locked.err:
                cut.problems.append(f"up on a locked stack, code {locked.code}: {locked.err}")
            cut.problems += _failed("cancel", run(self.stack.workspace, "", "cancel", "--yes"))
        return True

    def _is_locked(self) -> bool:
        """A run killed before its lock was written has locked nothing."""
        return any((self.stack.workspace.root / "state").rglob("locks/**/[!.]*.json"))

    def _converge(self, cut: Cut, command: Sequence[str]) -> None:
        cut.problems += _failed(f"{command[0]} after it", run(self.stack.workspace, "", *command))

    def _questions(self, phase: str) -> list[str]:
        problems = self.stack.differences()
        if phase == "destroy":
            return problems + [f"{kind}: {', '.join(left)} left" for kind, left in self.stack.world().items() if left]
        return problems + _failed("preview", run(self.stack.workspace, "", "preview", "--expect-no-changes"))

    def _commands(self, cut: Cut) -> list[str]:
        """A command can't be looked at: it runs again where its end was not written down, once for each kill."""
        ran = Counter(_lines(self.stack.log))
        found = [f"never ran: {line}" for line in COMMANDS[cut.phase] if not ran[line]]
        found += [f"ran, and was not to: {line}" for line in ran if line not in COMMANDS[cut.phase]]
        return found + [f"ran {count} times: {line}" for line, count in ran.items() if count > 1 + len(cut.where)]


def _failed(what: str, result: Result) -> list[str]:
    return [] if result.code == 0 else [f"{what}, code {result.code}: {result.out}{result.err}"]


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines()
