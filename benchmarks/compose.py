"""`up` of the unified stack from nothing against `docker compose up --wait` of the same containers, images there.

The dev stack under another prefix. Compose makes no database objects: the time in which nothing but those was carried
out is taken off, and told apart. Both start from a host without any of it, and take turns.
"""

from __future__ import annotations

import re
import statistics
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Final

import yaml

from benchmarks import compose_binary, compose_file, host, measure, stackfile
from benchmarks.results import Figure, Result
from benchmarks.workspace import STACK, Workspace

ROUNDS: Final = 3
_TARGET: Final = 1.3
_STEP: Final = re.compile(r"^ \S +(?P<type>\S+) (?P<name>\S+) (?P<what>creating|created)\b")
_OBJECTS: Final = ("postgresql:", "command:")  # roles, databases, grants; Redis users
Interval = tuple[float, float]


def measured() -> Result:
    """Rounds of both; where Compose can't be built, those of `up` alone, with a note."""
    try:
        host.cleared()
    except host.NoHostError as error:
        return Result(name="compose", figures=[], notes=[str(error)])
    try:
        binary, notes = compose_binary.ensure(), []
    except compose_binary.NotBuiltError as error:
        binary, notes = None, [str(error)]
    ups: list[float] = []
    objects: list[float] = []
    composes: list[float] = []
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        workspace = Workspace(Path(folder))
        workspace.configure(stackfile.dev())
        for _ in range(ROUNDS):
            seconds, alone, resources = _up(workspace)
            ups.append(seconds)
            objects.append(alone)
            if binary:
                composes.append(_compose(binary, Path(folder), resources))
    return Result(name="compose", figures=_figures(ups, objects, composes), notes=notes)


def _figures(ups: list[float], objects: list[float], composes: list[float]) -> list[Figure]:
    rest = [seconds - alone for seconds, alone in zip(ups, objects, strict=True)]
    figures = [
        Figure(name="up from nothing", value=statistics.median(ups), unit="s", runs=ups),
        Figure(name="of it, database objects alone", value=statistics.median(objects), unit="s", runs=objects),
        Figure(name="up without them", value=statistics.median(rest), unit="s", runs=rest),
    ]
    if composes:
        ratios = [one / other for one, other in zip(rest, composes, strict=True)]
        figures += [
            Figure(name="docker compose up --wait", value=statistics.median(composes), unit="s", runs=composes),
            Figure(name="ratio", value=statistics.median(ratios), unit="", target=_TARGET, runs=ratios),
        ]
    return figures


def _up(workspace: Workspace) -> tuple[float, float, list[dict[str, object]]]:
    """Seconds of an `up`, those of database objects alone, and what it has made; all of it is gone afterwards."""
    command = [*workspace.engine, "up", "--yes", "--skip-preview", "--suppress-outputs", "--stack", STACK]
    began = time.perf_counter()
    child = subprocess.Popen(  # noqa: S603  the benchmark's own command
        command, cwd=workspace.root, env=workspace.env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        lines = [(time.perf_counter() - began, line) for line in child.stdout or ()]
        code, seconds = child.wait(), time.perf_counter() - began
        if code:
            raise SystemExit("`up` of the bench stack failed:\n" + "".join(line for _, line in lines[-30:]))
        resources = workspace.deployment()["resources"]
    finally:
        workspace.stack("destroy", "--yes", "--skip-preview")
    return seconds, objects_alone(lines), resources


def objects_alone(lines: list[tuple[float, str]]) -> float:
    """Seconds in which database objects were made and nothing else, from an `up`'s lines with their times."""
    begun: dict[tuple[str, str], float] = {}
    objects: list[Interval] = []
    others: list[Interval] = []
    for at, line in lines:
        step = _STEP.match(line)
        if step and step["what"] == "creating":
            begun[step["type"], step["name"]] = at
        elif step and (step["type"], step["name"]) in begun:
            kind = objects if step["type"].startswith(_OBJECTS) else others
            kind.append((begun.pop((step["type"], step["name"])), at))
    return _covered([*objects, *others]) - _covered(others)


def _covered(intervals: list[Interval]) -> float:
    """The length of the union."""
    total, end = 0.0, 0.0
    for first, last in sorted(intervals):
        total += max(0.0, last - max(first, end))
        end = max(end, last)
    return total


def _compose(binary: Path, folder: Path, resources: list[dict[str, object]]) -> float:
    """Seconds of `docker compose up --wait` of the same; gone afterwards."""
    path = folder / "compose.yaml"
    path.touch(mode=0o600)  # it holds the stack's passwords, as the stack's own volumes did
    path.write_text(yaml.safe_dump(compose_file.from_resources(resources), sort_keys=False))
    compose = [str(binary), "--project-name", stackfile.PREFIX, "--file", str(path)]
    env = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(folder)}
    try:
        return measure.run([*compose, "up", "--detach", "--wait"], folder, env).seconds
    finally:
        measure.run([*compose, "down", "--volumes", "--timeout", "5"], folder, env)
