"""One registration from goal to state: names, targets, checks, policies, and the operation that follows.

Owns the order of questions for a single resource. Which resources there are, and when a run ends, is the deployment's.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

from embedded.engine import deletion, planner
from embedded.engine import urn as urns
from embedded.engine.goal import Goal
from embedded.engine.judges import Judges
from embedded.engine.operations import Operations, Screen
from embedded.engine.pending import Pending
from embedded.engine.registry import ProviderResource, Registry, package_of
from embedded.engine.snapshot import Snapshot
from embedded.engine.steps import Op, Step, StepError
from embedded.engine.targets import Targets
from embedded.errors import EngineError
from embedded.providers.base import Diff, Provider
from embedded.state import Resource


class ForbiddenError(Exception):
    """A policy forbids the resource."""


class Registrar:
    """Brings resources to their goals. Called from many threads, for different URNs."""

    def __init__(
        self,
        snapshot: Snapshot,
        registry: Registry,
        operations: Operations,
        screen: Screen,
        judges: Judges,
        targets: Targets,
        pending: Pending | None,
        register: Callable[[Goal], Resource],
    ) -> None:
        """`pending` is None in a preview, `register` is how default providers are registered."""
        self._snapshot = snapshot
        self._registry = registry
        self._operations = operations
        self._screen = screen
        self._judges = judges
        self._targets = targets
        self._pending = pending
        self._register = register
        self.replaced: dict[str, Diff] = {}  # why a new one was made first, by URN
        self._replaced_by_cascade: set[str] = set()
        self._renamed: dict[str, str] = {}  # URNs that had another one before
        self._skipped: set[str] = set()  # not there yet, and not part of this run
        self._cascade_lock = threading.Lock()

    def bring(self, urn: str, goal: Goal) -> Resource:
        """The resource at its goal. Raises RefusedError, ForbiddenError, StepError, EngineError, ProviderError."""
        before = self._snapshot.rename(urn, [*goal.aliases, *self._inherited_aliases(urn, goal)])
        if before:
            self._renamed[urn] = before
        if not self._targets.registers(urn, goal.needs):
            return self._untouched(urn, goal)
        self._refuse_skipped(urn, goal)
        if urns.is_provider(goal.type) and goal.version:
            goal = replace(goal, inputs={**goal.inputs, "version": goal.version})
        provider, reference = self._provider_for(goal)
        if self._pending is not None and provider is not None and not isinstance(provider, ProviderResource):
            self._pending.settle(urn, provider)
        made = self._bring(urn, goal, provider, reference)
        if isinstance(provider, ProviderResource):
            self._registry.use(made, provider)
        return made

    def is_skipped(self, urn: str) -> bool:
        """Whether it was left out of this run and isn't there."""
        return urn in self._skipped

    def take(self, urn: str, goal: Goal) -> Resource:
        """What exists under the goal's `import_id`, with the inputs that would make it; goes into the state."""
        if self._snapshot.old(urn) is not None:
            raise EngineError(f"resource '{urn}' already exists in the stack")
        self.keep(goal.parent)
        provider, reference = self._provider_for(goal)
        taken = self._import(urn, goal, None, provider, reference)
        if taken is None:
            raise EngineError(f"{goal.type} '{goal.name}': only resources of a provider can be imported, by an id")
        taken = replace(taken, import_id="")  # as the CLI: the program that will declare it says nothing of an import
        self._snapshot.put(taken)
        return taken

    def keep(self, urn: str) -> None:
        """An old resource stays, and stands before what comes now; so does all that it needs."""
        old = self._snapshot.old(urn)
        if old is not None and not self._snapshot.is_registered(urn):
            for needed in deletion.needs(old):
                self.keep(needed)
            self._snapshot.put(old, flush=False)

    def _bring(self, urn: str, goal: Goal, provider: Provider | ProviderResource | None, reference: str) -> Resource:
        old = self._snapshot.old(urn)
        taken = self._import(urn, goal, old, provider, reference)
        old = taken or old
        inputs = planner.check(provider, goal, old)
        new, forbidden = self._judges.resource(planner.wanted(goal, urn, reference, inputs, old))
        if forbidden and not self._operations.preview:
            raise ForbiddenError
        cascade = urn in self._replaced_by_cascade
        diff = planner.compare(provider, old, new.inputs, goal.replace_on_changes) if old else Diff()
        op = planner.decide(old, diff)
        if old and (cascade or self._targets.replaces(urn)):
            op = Op.REPLACE
        if taken is not None and op is Op.SAME:
            return self._operations.keep(taken, new)
        return self._carry_out(op, urn, goal, old, new, diff, provider, cascade=cascade)

    def _carry_out(
        self,
        op: Op,
        urn: str,
        goal: Goal,
        old: Resource | None,
        new: Resource,
        diff: Diff,
        provider: Provider | ProviderResource | None,
        *,
        cascade: bool,
    ) -> Resource:
        if old is None:
            return self._operations.create(Step(Op.CREATE, urn, new.type, None, new), new, provider)
        if op is Op.SAME:
            return self._operations.same(old, new)
        if op is Op.UPDATE:
            return self._operations.update(Step(op, urn, new.type, old, new, diff), old, new, provider)
        if old.protect and new.protect:
            raise protected(self._screen, old, "replaced")
        if not cascade and planner.deletes_first(goal, diff):
            self._delete_first(old)
        else:
            self.replaced[urn] = diff
        shown = Step(Op.REPLACE, urn, new.type, old, new, diff, cascade)
        self._screen.started(shown)
        self._screen.ended(shown, 0)
        step = Step(Op.CREATE_REPLACEMENT, urn, new.type, old, new, diff, cascade)
        return self._operations.create(step, new, provider)

    def _delete_first(self, old: Resource) -> None:
        """Delete `old` now, and before it the dependents that have to be replaced with it."""
        with self._cascade_lock:
            dependents = planner.dependents_to_replace(old, self._snapshot.olds, self._provider_of)
            for dependent in reversed(dependents):
                if dependent.protect:
                    raise protected(self._screen, dependent, "replaced")
                self._replaced_by_cascade.add(dependent.urn)
                step = Step(Op.DELETE_REPLACED, dependent.urn, dependent.type, dependent, None, cascade=True)
                self._operations.delete(step, dependent)
        self._operations.delete(Step(Op.DELETE_REPLACED, old.urn, old.type, old, None), old)

    def _import(
        self,
        urn: str,
        goal: Goal,
        old: Resource | None,
        provider: Provider | ProviderResource | None,
        reference: str,
    ) -> Resource | None:
        """What the program's `import_` takes over; None where there is none, or it has been taken over before."""
        if not (goal.import_id and goal.custom) or (old and goal.import_id in (old.import_id, old.id)):
            return None
        if old is not None or provider is None or isinstance(provider, ProviderResource):
            raise EngineError(
                f"{goal.type} '{goal.name}': import_={goal.import_id!r}, but the stack has it already as "
                f"{old.id if old else 'a provider'!r}; leave import_ out, or take it out of the state first "
                f"(pulumi state delete '{urn}')"
            )
        new = planner.wanted(goal, urn, reference, {}, None)
        return self._operations.take(Step(Op.IMPORT, urn, goal.type, None, new), provider)

    def _untouched(self, urn: str, goal: Goal) -> Resource:
        """A resource that this run isn't about stays as it is; one that isn't there yet isn't made."""
        old = self._snapshot.old(urn)
        if old is None:
            self._skipped.add(urn)
            return Resource(urn=urn, type=goal.type, custom=goal.custom, parent=goal.parent)
        for needed in deletion.needs(old):
            self.keep(needed)
        return self._operations.same(old, old)

    def _refuse_skipped(self, urn: str, goal: Goal) -> None:
        for needed in sorted(goal.needs & self._skipped):
            raise EngineError(f"Resource '{urn}' depends on '{needed}' which was not specified in --target list.")

    def _inherited_aliases(self, urn: str, goal: Goal) -> list[str]:
        """What a child of a renamed parent was called: below the old parent, with the old parent's name in its own."""
        old_parent = self._renamed.get(goal.parent)
        if old_parent is None:
            return []
        new_name, old_name = urns.name_of(goal.parent), urns.name_of(old_parent)
        names = [old_name + goal.name.removeprefix(new_name)] if goal.name.startswith(new_name) else []
        stack, project = urn.split("::", 2)[:2]
        stack = stack.removeprefix("urn:pulumi:")
        return [urns.make(stack, project, old_parent, goal.type, name) for name in [*names, goal.name]]

    def _provider_for(self, goal: Goal) -> tuple[Provider | ProviderResource | None, str]:
        if not goal.custom:
            return None, ""
        if urns.is_provider(goal.type):
            return ProviderResource(package_of(goal.type)), ""
        reference = goal.provider or self._registry.default_for(goal, self._register)
        urn = reference.rpartition("::")[0]
        resource = self._snapshot.get(urn)
        if resource is None:
            raise EngineError(f"{goal.type} '{goal.name}': its provider {urn} was not registered")
        return self._registry.get(reference), f"{urn}::{resource.id}"

    def _provider_of(self, old: Resource) -> Provider | None:
        return self._registry.get(old.provider) if old.custom and old.provider else None


def protected(screen: Screen, old: Resource, what: str) -> StepError:
    """The error, reported, of a step that protection forbids."""
    text = (
        f'resource "{old.urn}" cannot be {what}\nbecause it is protected. To unprotect the resource, '
        "either remove the `protect` flag from the resource in your Pulumi program and run `pulumi up`, "
        f"or use the command:\n`pulumi state unprotect '{old.urn}'`"
    )
    screen.message("error", text, old.urn)
    return StepError(text.split("\n", 1)[0])
