"""A run killed at any point: the next one converges, with nothing twice, nothing forgotten and nothing in plain.

A seeded sample by default. FAULT_POINTS is a number or `all`, FAULT_SEED the seed, FAULT_MINUTES a bound; with
FAULT_RESULTS, a folder, a dated file says what was tried (`make soak`).
"""

from __future__ import annotations

import os
import random
import time
from datetime import UTC, datetime
from itertools import cycle, zip_longest
from pathlib import Path

import pytest

from tests.embedded.providers.postgresql.conftest import PostgresServer
from tests.faults.cuts import NOWHERE, PHASES, Cut, Rounds
from tests.faults.stack import FaultStack

pytestmark = pytest.mark.integration

SAMPLE = "10"
KINDS = ("call", "write")
DOUBLE = 4  # every fourth phase is killed a second time, in its recovery


def test_the_next_run_converges_wherever_the_last_was_killed(tmp_path: Path, postgres_server: PostgresServer) -> None:
    wanted, seed = os.environ.get("FAULT_POINTS", SAMPLE), os.environ.get("FAULT_SEED") or str(time.time_ns() % 10**6)
    print(f"FAULT_SEED={seed}")
    tried = Trial(tmp_path, postgres_server, random.Random(seed))  # noqa: S311  the same points for the same seed
    try:
        tried.go(None if wanted == "all" else int(wanted), 60 * float(os.environ.get("FAULT_MINUTES", "60")))
    finally:
        tried.close()
        if "FAULT_RESULTS" in os.environ:
            tried.write(Path(os.environ["FAULT_RESULTS"]), seed)
    bad = [str(cut) for cut in tried.cuts if cut.problems]
    assert not bad, f"seed {seed}:\n" + "\n".join(bad)


class Trial:
    """Rounds of cuts at points drawn without repetition, on a new stack after each failure."""

    def __init__(self, root: Path, server: PostgresServer, dice: random.Random) -> None:
        self.cuts: list[Cut] = []
        self.points: dict[str, list[str]] = {}
        self._root, self._server, self._dice = root, server, dice
        self._began = time.monotonic()
        self._rounds = self._fresh()

    def go(self, wanted: int | None, seconds: float) -> None:
        """Try points until there are enough of them, none is left, or the time is up."""
        self.points = self._rounds.points()
        left = {phase: self._in_turn(points) for phase, points in self.points.items()}
        phases = cycle(PHASES)
        while True:
            late = time.monotonic() - self._began > seconds
            if late or not any(left.values()) or (wanted is not None and self.tried >= wanted):
                return
            phase = next(phases)
            self.cuts.append(self._rounds.cut(phase, self._draw(phase, left[phase])))
            if self.cuts[-1].problems:
                self.close()
                self._rounds, phases = self._fresh(), cycle(PHASES)

    @property
    def tried(self) -> int:
        """How many kills there have been."""
        return sum(len(cut.where) for cut in self.cuts)

    def write(self, folder: Path, seed: str) -> None:
        """A dated file with what was tried and what failed."""
        bad = [cut for cut in self.cuts if cut.problems]
        minutes = (time.monotonic() - self._began) / 60
        head = [
            f"points of each phase: {', '.join(f'{phase} {len(points)}' for phase, points in self.points.items())}",
            f"kills tried: {self.tried} in {len(self.cuts)} runs",
            f"failures: {len(bad)}",
            f"minutes: {minutes:.1f}",
            f"seed: {seed}",
        ]
        folder.mkdir(exist_ok=True)
        name = f"{datetime.now(UTC):%Y-%m-%d}.txt"
        (folder / name).write_text("\n".join([*head, "", *(str(cut) for cut in [*bad, *self.cuts])]) + "\n")

    def close(self) -> None:
        """Leave nothing on daemon and server."""
        self._rounds.stack.remove()

    def _fresh(self) -> Rounds:
        folder = self._root / f"stack{len(self.cuts)}"
        folder.mkdir()
        return Rounds(FaultStack(folder, self._server))

    def _in_turn(self, points: list[str]) -> list[str]:
        """Shuffled; calls and writes take turns, as there are five times as many writes."""
        kinds = [[point for point in points if point.startswith(kind)] for kind in KINDS]
        for kind in kinds:
            self._dice.shuffle(kind)
        return [point for pair in zip_longest(*kinds) for point in pair if point]

    def _draw(self, phase: str, left: list[str]) -> list[str]:
        if not left:
            return [NOWHERE]
        again = self._dice.randrange(DOUBLE) == 0
        points = self.points[phase]
        return [left.pop(0), *([self._dice.choice(points[: len(points) // 2])] if again else [])]
