"""How a preview's time grows with the number of apps, in both shapes, and how much memory the engine needs.

The stack is new, so that everything is to be created: no Docker is asked, and no provider but in preview.
"""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path
from typing import Final

from benchmarks.measure import Run
from benchmarks.results import Figure, Result
from benchmarks.stackfile import Shape, generated
from benchmarks.workspace import Workspace

SMALL, MIDDLE, LARGE = 50, 100, 500
ROUNDS: Final = {SMALL: 4, MIDDLE: 4, LARGE: 2}  # the near slope is a small difference, the far one takes minutes
SHAPES: Final[tuple[Shape, ...]] = ("unified", "isolated")
_RATIO: Final = f"slope {SMALL}-{LARGE} / slope {SMALL}-{MIDDLE}"
_GROWTH, _MEMORY = 1.2, 300.0  # the targets: a ratio of slopes, MiB at 500 apps


def measured() -> Result:
    """Each shape's slopes; the shapes differ in what they declare for each app."""
    figures: list[Figure] = []
    for shape in SHAPES:
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            figures += _shape(Workspace(Path(folder)), shape)
    return Result(name="slope", figures=figures)


def _shape(workspace: Workspace, shape: Shape) -> list[Figure]:
    runs: dict[int, list[Run]] = {apps: [] for apps in ROUNDS}
    for number in range(max(ROUNDS.values())):
        for apps, rounds in ROUNDS.items():
            if number < rounds:
                workspace.configure(generated(apps, shape, capacity=LARGE, services=True))
                runs[apps].append(workspace.stack("preview", "--suppress-outputs"))
    seconds = {apps: [run.seconds for run in its] for apps, its in runs.items()}
    processor = {apps: [run.processor for run in its] for apps, its in runs.items()}
    peak = max(run.peak for run in runs[LARGE])
    return [
        *(_preview(shape, apps, its) for apps, its in seconds.items()),
        Figure(name=f"{shape}: {_RATIO}", value=growth(seconds), unit="", target=_GROWTH),
        Figure(name=f"{shape}: the same of processor time", value=growth(processor), unit=""),
        Figure(name=f"{shape}: engine's memory at {LARGE} apps", value=peak, unit="MiB", target=_MEMORY),
    ]


def _preview(shape: Shape, apps: int, seconds: list[float]) -> Figure:
    return Figure(name=f"{shape}: preview of {apps} apps", value=statistics.median(seconds), unit="s", runs=seconds)


def growth(runs: dict[int, list[float]]) -> float:
    """The far slope over the near one: 1 where every app costs the same."""
    middle = {apps: statistics.median(its) for apps, its in runs.items()}
    near = (middle[MIDDLE] - middle[SMALL]) / (MIDDLE - SMALL)
    return (middle[LARGE] - middle[SMALL]) / (LARGE - SMALL) / near
