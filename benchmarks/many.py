"""1,000 RandomId without a policy pack: what the engine itself costs, against a monitor that answers and keeps nothing.

Both run the same program under the same launcher. Where `pulumi` is on PATH it takes part, with the plugins it finds.
"""

from __future__ import annotations

import re
import shutil
import statistics
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from benchmarks import measure
from benchmarks.results import Figure, Result
from benchmarks.workspace import Workspace

RESOURCES: Final = 1000
ROUNDS: Final = 3
PROGRAM: Final = f"""\
import pulumi_random as random

for number in range({RESOURCES}):
    random.RandomId(f"id-{{number}}", byte_length=8)
"""
_FIRST, _SECOND, _DESTROY, _MEMORY = 3.0, 1.5, 8.0, 250.0  # the targets: two ratios, seconds, MiB


@dataclass
class _Taken:
    """The seconds of each round, and the highest memory of any, in MiB."""

    null: list[float] = field(default_factory=list)
    first: list[float] = field(default_factory=list)
    second: list[float] = field(default_factory=list)
    destroy: list[float] = field(default_factory=list)
    peak: float = 0.0


def measured() -> Result:
    """Rounds of null monitor, first `up`, second `up` and destroy, so that a slower moment slows all of them."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        workspace = Workspace(Path(folder), program=PROGRAM)
        taken = _Taken()
        for _ in range(ROUNDS):
            _round(workspace, taken)
    figures = _figures(taken)
    pulumi = shutil.which("pulumi")
    if pulumi is None:
        return Result(name="many", figures=figures, notes=["no pulumi on PATH: the CLI was not measured"])
    return Result(name="many", figures=[*figures, *_with_cli(pulumi)])


def _round(workspace: Workspace, taken: _Taken) -> None:
    null = measure.run(
        [sys.executable, "-P", "-m", "benchmarks.null_monitor", str(workspace.root)], workspace.root, workspace.env
    )
    _expect(null.out, rf"{RESOURCES + 1} registrations answered")
    taken.null.append(null.seconds)
    _up_and_down(workspace, taken)


def _up_and_down(workspace: Workspace, taken: _Taken) -> None:
    first = workspace.stack("up", "--yes", "--skip-preview")
    _expect(first.out, rf"{RESOURCES + 1} created")
    second = workspace.stack("up", "--yes", "--skip-preview")
    _expect(second.out, rf"{RESOURCES + 1} unchanged")
    gone = workspace.stack("destroy", "--yes", "--skip-preview")
    _expect(gone.out, rf"{RESOURCES + 1} deleted")
    taken.first.append(first.seconds)
    taken.second.append(second.seconds)
    taken.destroy.append(gone.seconds)
    taken.peak = max(taken.peak, first.peak, second.peak, gone.peak)


def _expect(text: str, pattern: str) -> None:
    """A run that did something else would be a figure of something else."""
    if not re.search(pattern, text):
        sys.exit(f"expected {pattern!r} in what was printed:\n{text[-2000:]}")


def _figures(taken: _Taken) -> list[Figure]:
    return [
        _seconds("null monitor", taken.null),
        _seconds("first up", taken.first),
        _ratio("first up / null monitor", taken.first, taken.null, _FIRST),
        _seconds("second up, nothing changed", taken.second),
        _ratio("second up / null monitor", taken.second, taken.null, _SECOND),
        _seconds("destroy", taken.destroy, _DESTROY),
        Figure(name="engine's memory at its peak", value=taken.peak, unit="MiB", target=_MEMORY),
    ]


def _seconds(name: str, runs: list[float], target: float | None = None) -> Figure:
    return Figure(name=name, value=statistics.median(runs), unit="s", target=target, runs=runs)


def _ratio(name: str, runs: list[float], bases: list[float], target: float) -> Figure:
    pairs = [one / base for one, base in zip(runs, bases, strict=True)]
    return Figure(name=name, value=statistics.median(pairs), unit="", target=target, runs=pairs)


def _with_cli(pulumi: str) -> list[Figure]:
    """The same with the CLI, once: it takes minutes."""
    taken = _Taken()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        _up_and_down(Workspace(Path(folder), program=PROGRAM, engine=(pulumi,)), taken)
    runs = {"first up": taken.first, "second up": taken.second, "destroy": taken.destroy}
    return [_seconds(f"pulumi CLI: {name}", its) for name, its in runs.items()] + [
        Figure(name="pulumi CLI: memory at its peak", value=taken.peak, unit="MiB")
    ]
