"""What `preview --json` plans and what the state holds, as far as the comment tells of it.

Owns reading them. No property's value leaves this module but memory limits: plans may hold what nobody should read.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

from policies.containers import CONTAINER, CONTAINERS, Workload
from policies.rule import Subject

VOLUME: Final = "docker:index/volume:Volume"
PASSWORD: Final = "random:index/randomPassword:RandomPassword"
HELD: Final[Mapping[str, str]] = {
    VOLUME: "volume",
    "postgresql:index/database:Database": "database",
    "postgresql:index/schema:Schema": "schema",
    "postgresql:index/role:Role": "role",
    PASSWORD: "password",
}
OPERATIONS: Final = ("create", "update", "replace", "delete", "import", "same")
_ORDER: Final = ("delete", "replace", "update", "import", "create")
_MEBIBYTE: Final = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Change:
    """One planned step. `properties` are the names of what causes it, `data` what it endangers, or ""."""

    operation: str
    type: str
    name: str
    urn: str
    properties: tuple[str, ...] = ()
    data: str = ""
    retained: bool = False

    @property
    def endangers_data(self) -> bool:
        """Whether data, or a login in it, goes away; or a store stops for a while."""
        return bool(self.data) and self.operation in ("replace", "delete")


@dataclass(frozen=True, kw_only=True)
class Totals:
    """What all containers and volumes come to. `unlimited` are the containers whose limit is missing or not known."""

    memory: int = 0
    containers: int = 0
    unlimited: int = 0
    volumes: int = 0


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a preview would do: its changes, how many resources of each operation, and what it says is wrong."""

    changes: tuple[Change, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    before: Totals = Totals()
    after: Totals = Totals()

    @classmethod
    def parse(cls, text: str, resources: Iterable[dict[str, Any]] = ()) -> Self:
        """The plan of `preview --json`; `resources` are those of the state. Raises ValueError where it is none."""
        document = json.loads(text)
        if not isinstance(document, dict):
            raise ValueError("not a plan")
        known = {one["urn"]: one for one in resources if not one.get("delete")}
        steps = [step for step in document.get("steps") or [] if step["op"] in OPERATIONS]
        changes = (_change(step) for step in steps if step["op"] != "same")
        said = [(item.get("severity"), _message(item)) for item in document.get("diagnostics") or []]
        return cls(
            changes=tuple(sorted(changes, key=_place)),
            counts=dict(document.get("changeSummary") or {}),
            errors=tuple(dict.fromkeys(text for severity, text in said if severity == "error" and text)),
            warnings=tuple(dict.fromkeys(text for severity, text in said if severity == "warning" and text)),
            before=totals(known),
            after=totals(_planned(known, steps)),
        )


def totals(resources: Mapping[str, dict[str, Any]]) -> Totals:
    """Memory and volumes of resources by URN. Containers that end by themselves don't count."""
    memory = containers = unlimited = volumes = 0
    for urn, one in resources.items():
        volumes += one["type"] == VOLUME
        if one["type"] not in CONTAINERS or _workload(urn, one).one_shot():
            continue
        limit = _limit(one)
        containers += 1
        unlimited += not limit
        memory += limit
    return Totals(memory=memory, containers=containers, unlimited=unlimited, volumes=volumes)


def _planned(before: dict[str, dict[str, Any]], steps: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """What is there when the steps have been carried out."""
    after = dict(before)
    for step in steps:
        if step["op"] == "delete":
            after.pop(step["urn"], None)
        elif step.get("newState"):
            old = (step.get("oldState") or {}).get("urn", step["urn"])
            if old != step["urn"]:  # an alias: the same resource under its new name
                after.pop(old, None)
            after[step["urn"]] = step["newState"]
    return after


def _place(one: Change) -> tuple[int, str, str]:
    return _ORDER.index(one.operation), one.type, one.name


def _change(step: dict[str, Any]) -> Change:
    state = step.get("oldState") or step.get("newState") or {}
    operation = step["op"]
    reasons = step.get("replaceReasons") if operation == "replace" else step.get("diffReasons")
    urn = step["urn"]
    return Change(
        operation=operation,
        type=urn.split("::")[2].rsplit("$", 1)[-1],
        name=urn.split("::", 3)[-1],
        urn=urn,
        properties=tuple(dict.fromkeys(reasons or ())),
        data=_data(urn, state),
        retained=bool(state.get("retainOnDelete")),
    )


def _data(urn: str, state: dict[str, Any]) -> str:
    """What the resource is to data: what it holds of it, `data container`, or ""."""
    kind = state.get("type", "")
    if kind in CONTAINERS:
        workload = _workload(urn, state)
        return "data container" if not workload.one_shot() and workload.is_store() else ""
    return HELD.get(kind, "")


def _workload(urn: str, state: dict[str, Any]) -> Workload:
    return Workload(Subject(state["type"], urn.rsplit("::", 1)[-1], urn, state.get("inputs") or {}))


def _limit(state: dict[str, Any]) -> int:
    """The memory limit in MiB, that of all replicas together; 0 where there is none, or it isn't known."""
    inputs = state.get("inputs") or {}
    if state["type"] == CONTAINER:
        return _number(inputs.get("memory"))
    limits = _at(inputs, "taskSpec", "resources", "limits", "memoryBytes")
    replicas = _at(inputs, "mode", "replicated", "replicas")
    return _number(limits) // _MEBIBYTE * (_number(replicas) or 1)


def _at(value: Any, *keys: str) -> Any:
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _number(value: Any) -> int:
    """A number however it is written; 0 for what is missing, secret or not known yet."""
    try:
        return max(0, int(float(value)))
    except (TypeError, ValueError):
        return 0


def _message(item: dict[str, Any]) -> str:
    text = str(item.get("message") or "").strip()
    return text.removeprefix(f"{item.get('severity')}: ").strip()


def stores_touched(changes: tuple[Change, ...]) -> Iterator[Change]:
    """The changes that endanger data: what holds it first, then passwords and roles, then what only stops."""
    order = [*HELD.values(), "data container"]
    yield from sorted((one for one in changes if one.endangers_data), key=lambda one: order.index(one.data))
