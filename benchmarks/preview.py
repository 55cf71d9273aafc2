"""A preview without change, pack included, against importing the SDK packages that the program needs.

The dev stack under another prefix, brought up for it. The two take turns, so that a slower moment slows both.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path
from typing import Final

from benchmarks import host, measure, stackfile
from benchmarks.results import Figure, Result
from benchmarks.workspace import Workspace

ROUNDS: Final = 7
SDK: Final = "import pulumi, pulumi_command, pulumi_docker, pulumi_policy, pulumi_postgresql, pulumi_random"
_TARGET: Final = 2.5


def measured() -> Result:
    """Pairs of both; without Docker there is no stack to preview, and the result says so."""
    try:
        host.cleared()
    except host.NoHostError as error:
        return Result(name="preview", figures=[], notes=[str(error)])
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        workspace = Workspace(Path(folder))
        workspace.configure(stackfile.dev())
        try:
            workspace.stack("up", "--yes", "--skip-preview", "--suppress-outputs")
            pairs = [_pair(workspace) for _ in range(ROUNDS + 1)][1:]  # the first fills caches
        finally:
            workspace.stack("destroy", "--yes", "--skip-preview")
    return Result(name="preview", figures=_figures(*zip(*pairs, strict=True)))


def _pair(workspace: Workspace) -> tuple[float, float]:
    """Seconds of the import and of the preview."""
    base = measure.run([sys.executable, "-c", SDK], workspace.root, workspace.env).seconds
    arguments = ("--expect-no-changes", "--suppress-outputs", "--policy-pack", "policies")
    return base, workspace.stack("preview", *arguments).seconds


def _figures(bases: tuple[float, ...], previews: tuple[float, ...]) -> list[Figure]:
    ratios = [preview / base for base, preview in zip(bases, previews, strict=True)]
    return [
        Figure(name="import of the SDK packages", value=statistics.median(bases), unit="s", runs=bases),
        Figure(name="preview without change", value=statistics.median(previews), unit="s", runs=previews),
        Figure(name="preview / import", value=statistics.median(ratios), unit="", target=_TARGET, runs=ratios),
    ]
