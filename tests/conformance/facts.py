"""What is known of one step, in one form for recordings and runs, and the files that keep it.

A file holds of each state only what differs from the step before; `load` puts the states together again.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from embedded.engine import urn as urns
from tests.conformance import calls, normal, screen
from tests.conformance.normal import Json, Names


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A step as it was seen: exit code, both streams, calls, and the opened deployments before and after."""

    command: str
    code: int
    out: str = ""
    err: str = ""
    rows: Sequence[Json] = ()
    before: Json
    after: Json


def of(seen: Seen) -> Json:
    """The facts of a step. `state` is whole."""
    names = Names(seen.before.get("resources") or [], seen.after.get("resources") or [])
    state = normal.state(seen.after, names)
    found: Json = {"exit": seen.code, "state": state, **_printed(seen, names)}
    if seen.err.strip():
        found["stderr"] = screen.neutral(seen.err)
    found |= calls.facts(seen.rows, names, state["resources"])
    return {part: value for part, value in found.items() if value not in ({}, [], "")}


def _printed(seen: Seen, names: Names) -> Json:
    words = seen.command.split()
    if "output" in words or "ls" in words:
        return {"printed": names(json.loads(seen.out))}
    if seen.out.startswith("{\n"):
        return {"plan": screen.plan(seen.out, names)}
    if "--diff" in words:
        return {"blocks": screen.blocks(seen.out, names), "closing": screen.closing(seen.out, names)}
    if words[0] in ("up", "preview", "destroy", "refresh"):
        kept = [] if words[0] == "refresh" else order(seen)  # what is read side by side has no order
        return {"steps": screen.steps(seen.out), "order": kept, "closing": screen.closing(seen.out, names)}
    return {"printed": seen.out.strip()}


def order(seen: Seen) -> list[str]:
    """Which step ended before which, for the two parts of a replacement and where one resource needs the other."""
    resources = [*(seen.before.get("resources") or []), *(seen.after.get("resources") or [])]
    labels = {item["urn"]: f"{urns.short_type(item['type'])} {urns.name_of(item['urn'])}" for item in resources}
    related = {(label, label) for label in labels.values()}
    for item in resources:
        needed = [labels[urn] for urn in item.get("dependencies") or [] if urn in labels]
        related |= {(labels[item["urn"]], label) for label in needed}
    done = screen.done(seen.out)
    pairs = [(one, other) for number, one in enumerate(done) for other in done[number + 1 :]]
    return sorted(
        f"{one[1]} {one[0]}, then {other[1]} {other[0]}"
        for one, other in pairs
        if (one[0], other[0]) in related or (other[0], one[0]) in related
    )


def save(file: Path, steps: Json) -> None:
    """Write the facts of a program's steps, by name in their order."""
    before: Json = {}
    short: Json = {}
    for name, found in steps.items():
        state = found.get("state", {})
        resources = state.get("resources", before)
        changed = {key: value for key, value in resources.items() if before.get(key) != value}
        gone = sorted(before.keys() - resources.keys())
        short[name] = {**found, "state": {**state, "resources": changed, "gone": gone}} if state else found
        before = resources
    file.parent.mkdir(exist_ok=True)
    file.write_text(_compact(short) + "\n")


def load(file: Path) -> Json:
    """The facts of a program's steps with whole states."""
    steps: Json = json.loads(file.read_text())
    resources: Json = {}
    for found in steps.values():
        state = found.get("state")
        if state:
            gone = state.pop("gone")
            resources = {key: value for key, value in {**resources, **state["resources"]}.items() if key not in gone}
            state["resources"] = resources
    return steps


def _compact(steps: Json) -> str:
    """JSON with a line for each fact about a resource, so that a change of it can be read."""
    steps = {name: json.loads(json.dumps(found, sort_keys=True)) for name, found in steps.items()}
    lines = json.dumps(steps, indent=1, ensure_ascii=False).splitlines()
    made: list[str] = []
    for line in lines:
        depth = len(line) - len(line.lstrip())
        if depth <= 4 or not made:
            made.append(line)
        else:
            made[-1] += ("" if made[-1].endswith(("{", "[")) else " ") + line.strip()
    return "\n".join(made)
