"""Brings the state to what is there: every resource is read, what differs is taken over, what is gone goes.

Owns reading and what a difference is called. Source: the recorded refreshes; RefreshStep of the CLI: the difference is
the one that an `up` after it would show, turned round.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from embedded.engine import deletion, planner, secrecy
from embedded.engine import urn as urns
from embedded.engine.operations import Operations, now
from embedded.engine.registry import Registry
from embedded.engine.snapshot import Snapshot
from embedded.engine.steps import Op, Step, StepError
from embedded.engine.targets import Targets
from embedded.providers.base import Diff, Kind, Provider
from embedded.state import Resource
from embedded.values import reveal

_INVERSE: Mapping[Kind, Kind] = {
    Kind.ADD: Kind.DELETE,
    Kind.ADD_REPLACE: Kind.DELETE_REPLACE,
    Kind.DELETE: Kind.ADD,
    Kind.DELETE_REPLACE: Kind.ADD_REPLACE,
}


def look(old: Resource, provider: Provider) -> tuple[Resource | None, Diff]:
    """The resource as it is found, None when it is gone, and how it differs. Raises ProviderError."""
    found = provider.read(old.type, old.id, reveal(old.inputs), reveal(old.outputs))
    if found is None:
        return None, Diff()
    inputs = secrecy.mark(found.inputs, old.inputs)
    outputs = secrecy.mark(found.outputs, {**old.outputs, **inputs}, old.additional_secret_outputs)
    new = replace(old, id=found.id, inputs=inputs, outputs=outputs, init_errors=[])
    if reveal(inputs) == reveal(old.inputs) and reveal(outputs) == reveal(old.outputs):
        return new, Diff()
    diff = planner.compare(provider, new, old.inputs, ())
    return replace(new, modified=now()), inverted(diff)


def inverted(diff: Diff) -> Diff:
    """What changes in the state, where `diff` says what would change back; nothing of it replaces."""
    kinds = {path: _INVERSE.get(kind, kind) for path, kind in diff.detailed.items()}
    return replace(diff, detailed=kinds, replaces=())


class Refresh:
    """One refresh of a stack, or of the part of it that a run is about."""

    def __init__(self, snapshot: Snapshot, registry: Registry, operations: Operations, targets: Targets) -> None:
        self._snapshot = snapshot
        self._registry = registry
        self._operations = operations
        self._targets = targets

    def run(self, parallel: int) -> bool:
        """Read everything, side by side; whether all could be read. What could is taken over in either case."""
        chosen = [item for item in self._snapshot.olds if self._targets.includes(item.urn, deletion.needs(item))]
        with ThreadPoolExecutor(parallel) as pool:
            done = list(pool.map(self._one, chosen))
        self._untie()
        self._snapshot.flush()
        return all(done)

    def _one(self, old: Resource) -> bool:
        if not old.custom or urns.is_provider(old.type):
            self._operations.unchanged(old)
            return True
        step = Step(Op.REFRESH, old.urn, old.type, old, old)
        try:
            found = self._operations.read(step, lambda: look(old, self._registry.get(old.provider)))
        except StepError:
            return False
        if found is not old:
            self._snapshot.amend(old, found)
        return True

    def _untie(self) -> None:
        """Nothing depends on what is gone any more; properties that depend on nothing are not listed, as recorded."""
        known: set[str] = set()
        for old in self._snapshot.olds:
            loose = _untied(old, known)
            if loose != old:
                self._snapshot.amend(old, loose)
            known.add(old.urn)


def _untied(old: Resource, known: set[str]) -> Resource:
    def left(wanted: Iterable[str]) -> list[str]:
        return [urn for urn in wanted if urn in known]

    properties = {key: left(wanted) for key, wanted in old.property_dependencies.items()}
    return replace(
        old,
        dependencies=left(old.dependencies),
        property_dependencies={key: found for key, found in properties.items() if found},
        deleted_with=old.deleted_with if old.deleted_with in known else "",
        parent=old.parent if old.parent in known else "",
    )
