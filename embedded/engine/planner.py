"""Decides what a registration means: checked inputs, the difference to the old state, the operation.

Looks at nothing but state, goal and the provider's own answers; carries nothing out.
Source: the recorded runs; the order of questions is the CLI's: ignored changes, check, policies, diff.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from embedded.engine import paths, secrecy
from embedded.engine.goal import Goal
from embedded.engine.steps import Op
from embedded.providers.base import CheckFailure, CheckResult, Diff, Kind
from embedded.state import Resource
from embedded.values import UNKNOWN, Properties, reveal


@dataclass(frozen=True)
class RefusedError(Exception):
    """The provider refuses the inputs."""

    failures: Sequence[CheckFailure]


class Judge(Protocol):
    """What deciding needs of a provider; a provider resource answers the same two questions for itself."""

    def check(self, type: str, name: str, old: Properties, new: Properties) -> CheckResult:
        """As Provider.check."""
        ...

    def diff(self, type: str, id: str, old_inputs: Properties, old_outputs: Properties, new: Properties) -> Diff:
        """As Provider.diff."""
        ...


def wanted(goal: Goal, urn: str, provider_ref: str, inputs: Properties, old: Resource | None) -> Resource:
    """The new state as far as the goal fixes it, before anything is done: no id, no outputs, no times."""
    return Resource(
        urn=urn,
        type=goal.type,
        custom=goal.custom,
        inputs=inputs,
        parent=goal.parent,
        provider=provider_ref,
        dependencies=list(goal.dependencies),
        property_dependencies={key: list(value) for key, value in goal.property_dependencies.items()},
        protect=goal.protect,
        retain_on_delete=goal.retain_on_delete,
        deleted_with=goal.deleted_with,
        ignore_changes=list(goal.ignore_changes),
        replace_on_changes=list(goal.replace_on_changes),
        additional_secret_outputs=list(goal.additional_secret_outputs),
        custom_timeouts=dict(goal.custom_timeouts),
        import_id=goal.import_id,
        created=old.created if old else "",
        modified=old.modified if old else "",
    )


def check(provider: Judge | None, goal: Goal, old: Resource | None) -> Properties:
    """The goal's inputs, checked by the provider and with their secrets kept. Raises RefusedError."""
    goal = goal.ignoring(old.inputs if old else None)
    if provider is None:
        return goal.inputs
    result = provider.check(goal.type, goal.name, reveal(old.inputs) if old else {}, reveal(goal.inputs))
    if result.failures:
        raise RefusedError(tuple(result.failures))
    return secrecy.mark(result.inputs, goal.inputs)


def compare(provider: Judge | None, old: Resource, inputs: Properties, goal_replaces: Sequence[str]) -> Diff:
    """How checked inputs differ from the state, with the program's own `replaceOnChanges` applied."""
    if provider is None:
        changed = reveal(old.inputs) != reveal(inputs)
        return Diff(changes=changed, diffs=_differing(old.inputs, inputs) if changed else ())
    found = provider.diff(old.type, old.id, reveal(old.inputs), reveal(old.outputs), reveal(inputs))
    return _replacing(found, goal_replaces) if found.changes and goal_replaces else found


def decide(old: Resource | None, diff: Diff) -> Op:
    """The operation for a registration. A resource that never got right is updated even without a difference."""
    if old is None:
        return Op.CREATE
    if diff.replaces:
        return Op.REPLACE
    return Op.UPDATE if diff.changes or old.init_errors else Op.SAME


def deletes_first(goal: Goal, diff: Diff) -> bool:
    """Whether the old one goes before the new one is made: the program's word, else the provider's."""
    return diff.delete_before_replace if goal.delete_before_replace is None else goal.delete_before_replace


def dependents_to_replace(
    root: Resource, olds: Iterable[Resource], provider_of: Callable[[Resource], Judge | None]
) -> list[Resource]:
    """Those old resources that must go before `root` does, in state order.

    A dependent is replaced with it when its provider would replace it if the inputs that come from what is
    replaced were unknown; one that merely depends on it stays untouched.
    """
    gone = {root.urn}
    found: list[Resource] = []
    for old in olds:
        if old.urn in gone or old.delete or not old.custom:
            continue
        touched = [key for key, urns in old.property_dependencies.items() if gone.intersection(urns)]
        provider = provider_of(old) if touched else None
        if provider is None:
            continue
        inputs = {**old.inputs, **{key: UNKNOWN for key in touched if key in old.inputs}}
        if compare(provider, old, inputs, old.replace_on_changes).replaces:
            gone.add(old.urn)
            found.append(old)
    return found


def _replacing(diff: Diff, patterns: Sequence[str]) -> Diff:
    """`diff` with the kinds of what matches a pattern turned into replacing ones."""
    changed = list(diff.detailed or diff.diffs)
    hit = [path for path in changed if any(paths.matches(pattern, path) for pattern in patterns)]
    if not hit:
        return diff
    replacing = {Kind.ADD: Kind.ADD_REPLACE, Kind.DELETE: Kind.DELETE_REPLACE, Kind.UPDATE: Kind.UPDATE_REPLACE}
    detailed = {path: replacing.get(kind, kind) if path in hit else kind for path, kind in diff.detailed.items()}
    heads = [str(paths.parse(path)[0]) for path in hit]
    return replace(diff, detailed=detailed, replaces=list(dict.fromkeys([*diff.replaces, *heads])))


def _differing(old: Properties, new: Properties) -> list[str]:
    return sorted(key for key in {*old, *new} if reveal(old.get(key)) != reveal(new.get(key)))
