"""Memory of idle data stores in both shapes, by number of apps: what the isolated shape costs, measured.

Stores only: services are the same in both shapes. Each shape grows from one app to the most, as a team's stack does;
memory is read when it no longer changes.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any, Final

from benchmarks import cgroups, host
from benchmarks.cgroups import Memory
from benchmarks.results import Figure, Result
from benchmarks.stackfile import PREFIX, Shape, generated
from benchmarks.workspace import Workspace

APPS: Final = (1, 5, 10, 20)
SHAPES: Final[tuple[Shape, ...]] = ("unified", "isolated")
_PAUSE: Final = 3  # seconds between two looks
_STEADY: Final = 0.01  # two looks that differ by less are the same
_LONGEST: Final = 45  # seconds to wait for that: background writers wake up now and then


def measured() -> Result:
    """Held memory and working set of each shape and number of apps, and what the unified shape saves at the most."""
    try:
        client = host.cleared()
    except host.NoHostError as error:
        return Result(name="idle", figures=[], notes=[str(error)])
    found = {shape: _shape(client, shape) for shape in SHAPES}
    figures = [
        Figure(name=f"{shape}, {apps} apps: {name}", value=value, unit="MiB")
        for shape, its in found.items()
        for apps, memory in its.items()
        for name, value in (("held", memory.held), ("working set", memory.working_set))
    ]
    most = APPS[-1]
    saved = found["isolated"][most].held - found["unified"][most].held
    return Result(
        name="idle", figures=[*figures, Figure(name=f"held less by unified at {most} apps", value=saved, unit="MiB")]
    )


def _shape(client: Any, shape: Shape) -> dict[int, Memory]:
    found: dict[int, Memory] = {}
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        workspace = Workspace(Path(folder))
        try:
            for apps in APPS:
                workspace.configure(generated(apps, shape, capacity=APPS[-1], services=False))
                workspace.stack("up", "--yes", "--skip-preview", "--suppress-outputs")
                found[apps] = settled(client)
        finally:
            workspace.stack("destroy", "--yes", "--skip-preview")
    return found


def settled(client: Any) -> Memory:
    """The memory of the stack's running containers once it stays as it is, or after the longest wait."""
    last = cgroups.of(_running(client))
    for _ in range(_LONGEST // _PAUSE):
        time.sleep(_PAUSE)
        now = cgroups.of(_running(client))
        if abs(now.held - last.held) <= _STEADY * last.held:
            return now
        last = now
    return last


def _running(client: Any) -> list[Any]:
    found: list[Any] = client.containers.list(filters={"label": f"data-tier.stack={PREFIX}"})
    return found
