"""One run over a stack: registrations become steps, what is no longer registered goes at the end.

Owns the order of things and when a run stops; steps are decided by `planner` and carried out by `operations`.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from embedded.engine import deletion, planner
from embedded.engine import urn as urns
from embedded.engine.goal import Goal
from embedded.engine.operations import Operations, Screen
from embedded.engine.policies import Finding, PolicyPack
from embedded.engine.registry import ProviderResource, Registry, package_of
from embedded.engine.snapshot import Snapshot
from embedded.engine.steps import Op, Step, StepError
from embedded.errors import EngineError
from embedded.providers.base import Diff, Provider
from embedded.state import Resource
from embedded.values import Properties


@dataclass(frozen=True, kw_only=True)
class Target:
    """What a run is for; `package_config` are the stack's settings for default providers, by package."""

    stack: str
    project: str
    preview: bool
    parallel: int = 16
    package_config: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


class StoppedError(Exception):
    """The run has failed or was cancelled: nothing more is started."""


class Deployment:
    """The state machine between program, policy pack, providers and checkpoint. Called from many threads."""

    def __init__(self, target: Target, snapshot: Snapshot, screen: Screen, packs: list[PolicyPack]) -> None:
        self.target = target
        self.snapshot = snapshot
        self.screen = screen
        self.packs = packs
        self.findings: list[Finding] = []
        self.failed = False
        self.cancelled = False
        self.completed = False  # the program has said that it has registered everything
        self.registry = Registry(snapshot.get, target.package_config)
        self._operations = Operations(
            snapshot, self.registry, screen, self._is_stopped, preview=target.preview, parallel=target.parallel
        )
        self._busy = 0
        self._idle = threading.Condition()
        self._urns: set[str] = set()
        self._replaced_by_cascade: set[str] = set()
        self._renamed: dict[str, str] = {}  # URNs that had another one before
        self._lock = threading.Lock()
        self._cascade_lock = threading.Lock()

    @property
    def stack_urn(self) -> str:
        """The URN of the stack resource."""
        target = self.target
        return urns.make(target.stack, target.project, "", urns.STACK_TYPE, f"{target.project}-{target.stack}")

    def register(self, goal: Goal) -> Resource:
        """Bring one resource to its goal. Raises StoppedError once the run has failed, EngineError for a bad goal."""
        with self._at_work():
            return self._bring(goal)

    def _bring(self, goal: Goal) -> Resource:
        if self.failed:
            raise StoppedError
        urn = urns.make(self.target.stack, self.target.project, goal.parent, goal.type, goal.name)
        with self._lock:
            if urn in self._urns:
                raise EngineError(f"Duplicate resource URN '{urn}'; try giving it a unique name")
            self._urns.add(urn)
        try:
            return self._register(urn, goal)
        except planner.RefusedError as refused:
            for failure in refused.failures:
                self.fail(f"{urns.short_type(goal.type)} resource '{goal.name}' has a problem: {failure.reason}", urn)
            raise StoppedError from None
        except StepError:
            self.failed = True
            raise StoppedError from None

    def outputs(self, urn: str, outputs: Properties) -> None:
        """The outputs that a component, or the stack, has registered."""
        resource = self.snapshot.get(urn)
        if resource is None:
            raise EngineError(f"outputs for {urn}, which was not registered")
        changed = resource.outputs != outputs
        self.snapshot.put(replace(resource, outputs=outputs), flush=changed)

    def cancel(self) -> None:
        """Start nothing more; what runs goes on to its end."""
        self.cancelled = self.failed = True
        self.screen.message("error", "the run was cancelled")

    def settle(self) -> None:
        """Wait until nothing runs any more, and write the last state."""
        with self._idle:
            self._idle.wait_for(lambda: self._busy == 0)
        self.snapshot.flush()

    @contextmanager
    def _at_work(self) -> Iterator[None]:
        with self._idle:
            self._busy += 1
        try:
            yield
        finally:
            with self._idle:
                self._busy -= 1
                self._idle.notify_all()

    def _is_stopped(self, op: Op) -> bool:
        """Whether an operation may no longer begin. A failure stops creations, not the deletion of other things."""
        return self.cancelled or (self.failed and op not in (Op.DELETE, Op.DELETE_REPLACED))

    def fail(self, text: str, urn: str = "") -> None:
        """Note what stops the run."""
        self.failed = True
        self.screen.message("error", text, urn)

    def finish(self) -> None:
        """The program has ended well: stack policies, then everything that has to go."""
        if not self.failed:
            self.check_stack_policies()
        if not self.failed:
            self.delete(self.snapshot.leftovers)
        self.snapshot.flush()

    def delete(self, resources: list[Resource]) -> None:
        """Delete resources, dependents first and side by side."""
        result = deletion.delete_all(resources, self._delete, self.target.parallel)
        self.failed = self.failed or not result
        self.snapshot.flush()

    def check_stack_policies(self) -> None:
        """Ask the stack rules about everything that is registered."""
        registered = [(item, self._provider_resource(item)) for item in self.snapshot.registered()]
        for pack in self.packs:
            self._judge(pack.analyze_stack(registered))

    def _register(self, urn: str, goal: Goal) -> Resource:
        before = self.snapshot.rename(urn, [*goal.aliases, *self._inherited_aliases(goal)])
        if before:
            self._renamed[urn] = before
        old = self.snapshot.old(urn)
        if urns.is_provider(goal.type) and goal.version:
            goal = replace(goal, inputs={**goal.inputs, "version": goal.version})
        provider, reference = self._provider_for(goal)
        inputs = planner.check(provider, goal, old)
        new = planner.wanted(goal, urn, reference, inputs, old)
        new = self._ask_policies(new)
        cascade = urn in self._replaced_by_cascade
        diff = planner.compare(provider, old, new.inputs, goal.replace_on_changes) if old else Diff()
        op = Op.REPLACE if cascade and old else planner.decide(old, diff)
        made = self._carry_out(op, urn, goal, old, new, diff, provider, cascade=cascade)
        if isinstance(provider, ProviderResource):
            self.registry.use(made, provider)
        return made

    def _inherited_aliases(self, goal: Goal) -> list[str]:
        """What a child of a renamed parent was called: below the old parent, with the old parent's name in its own."""
        old_parent = self._renamed.get(goal.parent)
        if old_parent is None:
            return []
        new_name, old_name = urns.name_of(goal.parent), urns.name_of(old_parent)
        names = [old_name + goal.name.removeprefix(new_name)] if goal.name.startswith(new_name) else []
        target = self.target
        return [urns.make(target.stack, target.project, old_parent, goal.type, name) for name in [*names, goal.name]]

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
            raise self._protected(old, "replaced")
        if not cascade and planner.deletes_first(goal, diff):
            self._delete_first(old, diff)
        shown = Step(Op.REPLACE, urn, new.type, old, new, diff, cascade)
        self.screen.started(shown)
        self.screen.ended(shown, 0)
        step = Step(Op.CREATE_REPLACEMENT, urn, new.type, old, new, diff, cascade)
        return self._operations.create(step, new, provider)

    def _delete_first(self, old: Resource, diff: Diff) -> None:
        """Delete `old` now, and before it the dependents that have to be replaced with it."""
        with self._cascade_lock:
            dependents = planner.dependents_to_replace(old, self.snapshot.olds, self._provider_of)
            for dependent in reversed(dependents):
                if dependent.protect:
                    raise self._protected(dependent, "replaced")
                self._replaced_by_cascade.add(dependent.urn)
                step = Step(Op.DELETE_REPLACED, dependent.urn, dependent.type, dependent, None, cascade=True)
                self._operations.delete(step, dependent)
        self._operations.delete(Step(Op.DELETE_REPLACED, old.urn, old.type, old, None, diff), old)

    def _delete(self, old: Resource, deleting: set[str]) -> None:
        """Delete one leftover; `deleting` are the URNs that go in the same run. Raises StepError."""
        op = Op.DELETE_REPLACED if old.delete else Op.DELETE
        step = Step(op, old.urn, old.type, old, None)
        if self.failed and not self.target.preview and op is Op.DELETE_REPLACED:
            raise StepError
        if old.protect and not old.delete:
            self.screen.started(step)
            error = self._protected(old, "deleted")
            self.screen.ended(step, 0, str(error))
            raise error
        self._operations.delete(step, old, forget=old.retain_on_delete or old.deleted_with in deleting)

    def _protected(self, old: Resource, what: str) -> StepError:
        text = (
            f'resource "{old.urn}" cannot be {what}\nbecause it is protected. To unprotect the resource, '
            "either remove the `protect` flag from the resource in your Pulumi program and run `pulumi up`, "
            f"or use the command:\n`pulumi state unprotect '{old.urn}'`"
        )
        self.fail(text, old.urn)
        return StepError(text.split("\n", 1)[0])

    def _provider_for(self, goal: Goal) -> tuple[Provider | ProviderResource | None, str]:
        if not goal.custom:
            return None, ""
        if urns.is_provider(goal.type):
            return ProviderResource(package_of(goal.type)), ""
        reference = goal.provider or self.registry.default_for(goal, self.register)
        urn = reference.rpartition("::")[0]
        resource = self.snapshot.get(urn)
        if resource is None:
            raise EngineError(f"{goal.type} '{goal.name}': its provider {urn} was not registered")
        return self.registry.get(reference), f"{urn}::{resource.id}"

    def _provider_of(self, old: Resource) -> Provider | None:
        return self.registry.get(old.provider) if old.custom and old.provider else None

    def _provider_resource(self, resource: Resource) -> Resource | None:
        return self.snapshot.get(resource.provider.rpartition("::")[0]) if resource.provider else None

    def _ask_policies(self, new: Resource) -> Resource:
        provider = self._provider_resource(new)
        for pack in self.packs:
            changed = pack.remediate(new, provider)
            new = replace(new, inputs=changed) if changed is not None else new
        for pack in self.packs:
            if self._judge(pack.analyze(new, provider)) and not self.target.preview:
                raise StoppedError
        return new

    def _judge(self, findings: list[Finding]) -> bool:
        """Keep the findings; whether one of them forbids."""
        with self._lock:
            self.findings.extend(findings)
        forbidden = any(finding.mandatory for finding in findings)
        self.failed = self.failed or (forbidden and not self.target.preview)
        return forbidden
