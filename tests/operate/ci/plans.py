"""Plans for the tests: recorded ones, and small ones made of steps."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from operate.ci.plan import Plan

_TESTS = Path(__file__).parents[2]
VOLUME = "docker:index/volume:Volume"
CONTAINER = "docker:index/container:Container"
PASSWORD = "random:index/randomPassword:RandomPassword"
SECRET = "s3cret-of-the-old-state"


def recorded(name: str) -> Plan:
    """The plan of a recorded `preview --json`, on the state that it was made on."""
    found = json.loads((_TESTS / f"fixtures/plans/{name}.json").read_text())
    return Plan.parse(json.dumps(found["plan"]), found["resources"])


def golden(name: str, text: str) -> str:
    """A golden comment; `UPDATE_GOLDEN=1` writes it anew from `text`."""
    path = _TESTS / f"golden/comments/{name}.md"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(text)
    return path.read_text()


def urn(kind: str, name: str) -> str:
    return f"urn:pulumi:dev::data-tier::{kind}::{name}"


def resource(kind: str, name: str, **more: Any) -> dict[str, Any]:
    """A resource of the state; keywords are inputs."""
    return {"urn": urn(kind, name), "type": kind, "inputs": more}


def step(operation: str, old: dict[str, Any] | None, new: dict[str, Any] | None, **more: Any) -> dict[str, Any]:
    """A step of a plan from the resource before and after it."""
    state = {key: value for key, value in (("oldState", old), ("newState", new)) if value}
    return {"op": operation, "urn": (new or old or {})["urn"], **state, **more}


def plan(*steps: dict[str, Any], resources: tuple[dict[str, Any], ...] = (), **more: Any) -> Plan:
    """A plan of these steps on a state of these resources."""
    counts: dict[str, int] = {}
    for one in steps:
        counts[one["op"]] = counts.get(one["op"], 0) + 1
    document = {"steps": list(steps), "changeSummary": counts, **more}
    return Plan.parse(json.dumps(document), list(resources))
