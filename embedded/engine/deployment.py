"""One run over a stack: registrations become steps, what is no longer registered goes at the end.

Owns the order of things and when a run stops; one registration is the registrar's, steps are carried out by
`operations`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from embedded.engine import deletion, planner
from embedded.engine import urn as urns
from embedded.engine.goal import Goal
from embedded.engine.judges import Judges
from embedded.engine.operations import Operations, Screen
from embedded.engine.pending import Pending
from embedded.engine.policies import Finding, PolicyPack
from embedded.engine.refresh import Refresh
from embedded.engine.registrar import ForbiddenError, Registrar, protected
from embedded.engine.registry import Registry
from embedded.engine.snapshot import Snapshot
from embedded.engine.steps import Op, Step, StepError
from embedded.engine.targets import Selection, Targets
from embedded.errors import EngineError
from embedded.providers.base import Diff, ProviderError
from embedded.state import Resource
from embedded.values import Properties


@dataclass(frozen=True, kw_only=True)
class Target:
    """What a run is for.

    `package_config` are the stack's settings for default providers, by package; `outputs_of` answers the outputs that
    a stack was last left with, by its name.
    """

    stack: str
    project: str
    preview: bool
    parallel: int = 16
    package_config: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    selection: Selection = field(default_factory=Selection)
    outputs_of: Callable[[str], Properties] | None = None


class StoppedError(Exception):
    """The run has failed or was cancelled: nothing more is started."""


class Deployment:
    """The state machine between program, policy pack, providers and checkpoint. Called from many threads."""

    def __init__(self, target: Target, snapshot: Snapshot, screen: Screen, packs: list[PolicyPack]) -> None:
        self.target = target
        self.snapshot = snapshot
        self.screen = screen
        self.failed = False
        self.cancelled = False
        self.completed = False  # the program has said that it has registered everything
        self.registry = Registry(snapshot.get, target.package_config)
        self.judges = Judges(packs, self._provider_resource)
        self._targets = Targets(target.selection)
        self._operations = Operations(
            snapshot, self.registry, screen, self._is_stopped, preview=target.preview, parallel=target.parallel
        )
        self._pending = None if target.preview else Pending(snapshot, self.registry, screen)
        self._registrar = Registrar(
            snapshot,
            self.registry,
            self._operations,
            screen,
            self.judges,
            self._targets,
            self._pending,
            self.register,
        )
        self._busy = 0
        self._idle = threading.Condition()
        self._urns: set[str] = set()
        self._stack_outputs: Properties | None = None
        self._lock = threading.Lock()

    @property
    def findings(self) -> list[Finding]:
        """What the policy packs have found so far."""
        return self.judges.findings

    @property
    def packs(self) -> list[PolicyPack]:
        """The policy packs of the run."""
        return self.judges.packs

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
            return self._registrar.bring(urn, goal)
        except planner.RefusedError as refused:
            for failure in refused.failures:
                self.fail(f"{urns.short_type(goal.type)} resource '{goal.name}' has a problem: {failure.reason}", urn)
        except ProviderError as error:
            self.fail(str(error), urn)
        except (StepError, ForbiddenError):
            self.failed = True
        raise StoppedError

    def take(self, goal: Goal) -> Resource | None:
        """Take what exists under the goal's `import_id` into the state; None where that has failed and been said."""
        target = self.target
        if self.snapshot.old(self.stack_urn) is None:
            name = f"{target.project}-{target.stack}"
            self.register(Goal(type=urns.STACK_TYPE, name=name, custom=False, inputs={}))
        goal = replace(goal, parent=goal.parent or self.stack_urn)
        urn = urns.make(target.stack, target.project, goal.parent, goal.type, goal.name)
        try:
            return self._registrar.take(urn, goal)
        except (ProviderError, EngineError) as error:
            self.fail(str(error), urn)
        except StepError:
            self.failed = True
        return None

    def outputs(self, urn: str, outputs: Properties) -> None:
        """The outputs that a component, or the stack, has registered; the stack's are known when the run has ended."""
        if urn == self.stack_urn:
            self._stack_outputs = outputs
        if self._registrar.is_skipped(urn) or urn == self.stack_urn:
            return
        resource = self.snapshot.get(urn)
        if resource is None:
            raise EngineError(f"outputs for {urn}, which was not registered")
        changed = resource.outputs != outputs
        self.snapshot.put(replace(resource, outputs=outputs), flush=changed)

    def outputs_of(self, stack: str) -> Properties:
        """The outputs that a stack was last left with. Raises EngineError for a stack that can't be read."""
        if self.target.outputs_of is None:
            raise EngineError(f"the outputs of stack '{stack}' can't be read in this run")
        return self.target.outputs_of(stack)

    def cancel(self) -> None:
        """Start nothing more; what runs goes on to its end."""
        self.cancelled = self.failed = True
        self.screen.message("error", "the run was cancelled")

    def settle(self) -> None:
        """Wait until nothing runs any more, and write the last state."""
        with self._idle:
            self._idle.wait_for(lambda: self._busy == 0)
        self._finish_outputs()
        self.snapshot.flush()

    def _finish_outputs(self) -> None:
        """The stack's outputs; after a failure those that the program hasn't got to are kept, as the CLI does."""
        stack = self.snapshot.get(self.stack_urn)
        if stack is not None and self._stack_outputs is not None:
            outputs = {**stack.outputs, **self._stack_outputs} if self.failed else self._stack_outputs
            self.snapshot.put(replace(stack, outputs=outputs), flush=False)

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

    def refresh(self) -> None:
        """Bring the state to what is there, and settle what an earlier run was cut short in."""
        self._refuse_unknown_targets()
        read = self.failed or Refresh(self.snapshot, self.registry, self._operations, self._targets).run(
            self.target.parallel
        )
        self.failed = self.failed or not read
        if self._pending is not None and not self.cancelled:
            self._pending.settle_all()
        self.snapshot.flush()

    def finish(self) -> None:
        """The program has ended well: stack policies, then everything that has to go."""
        self._refuse_unknown_targets()
        if not self.failed and self.judges.stack(self._registered()):
            self.failed = not self.target.preview
        if not self.failed:
            if self._pending is not None:
                self._pending.settle_all()
            self.delete(self.snapshot.leftovers)
        self.snapshot.flush()

    def _registered(self) -> list[Resource]:
        """What the program has registered, the stack with the outputs that it is going to have."""
        found, outputs = self.snapshot.registered(), self._stack_outputs
        if outputs is None:
            return found
        return [replace(item, outputs=outputs) if item.urn == self.stack_urn else item for item in found]

    def destroy(self, kept: set[str]) -> None:
        """Delete everything but `kept`, URNs of resources that stay."""
        self._refuse_unknown_targets()
        if self._pending is not None:
            self._pending.settle_all()
        if not self.failed:
            self.delete([item for item in self.snapshot.leftovers if item.delete or item.urn not in kept])

    def delete(self, resources: list[Resource]) -> None:
        """Delete those of the resources that the run is about, dependents first and side by side."""
        chosen = [item for item in resources if self._targets.includes(item.urn, deletion.needs(item))]
        if not self._leaves_orphans(chosen):
            result = deletion.delete_all(chosen, self._delete, self.target.parallel)
            self.failed = self.failed or not result
        self.snapshot.flush()

    def _leaves_orphans(self, chosen: Iterable[Resource]) -> bool:
        """Whether something that the run isn't about needs what is going to be deleted; each is said."""
        going = {item.urn for item in chosen if not item.delete}
        if not (self._targets.limited and going):
            return False
        orphans = [item for item in self.snapshot.resources if item.urn not in going and going & deletion.needs(item)]
        for orphan in orphans:
            self.fail(
                f"Resource '{orphan.urn}' will be destroyed but was not specified in --target list.\n"
                "Either include resource in --target list or pass --target-dependents to proceed.",
                orphan.urn,
            )
        return bool(orphans)

    def _refuse_unknown_targets(self) -> None:
        for urn in self._targets.missing(lambda urn: urn in self._urns or self.snapshot.get(urn) is not None):
            hint = "" if "$" in urn else " Did you forget to escape $ in your shell?"
            self.fail(f"Target '{urn}' could not be found in the stack.{hint}")

    def _delete(self, old: Resource, deleting: set[str]) -> None:
        """Delete one leftover; `deleting` are the URNs that go in the same run. Raises StepError."""
        op = Op.DELETE_REPLACED if old.delete else Op.DELETE
        diff = self._registrar.replaced.get(old.urn) if old.delete else None
        step = Step(op, old.urn, old.type, old, None, diff or Diff())
        if self.failed and not self.target.preview and op is Op.DELETE_REPLACED:
            raise StepError
        if old.protect and not old.delete:
            self.screen.started(step)
            error = protected(self.screen, old, "deleted")
            self.screen.ended(step, 0, str(error))
            raise error
        self._operations.delete(step, old, forget=old.retain_on_delete or old.deleted_with in deleting)

    def _provider_resource(self, resource: Resource) -> Resource | None:
        return self.snapshot.get(resource.provider.rpartition("::")[0]) if resource.provider else None
