"""Carries steps out: one provider call each, with the checkpoint written before and after and the screen told.

Owns what a call's result means for the state. Which steps there are is the planner's and the deployment's to decide.
"""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from embedded.engine import secrecy
from embedded.engine import urn as urns
from embedded.engine.registry import ProviderResource, Registry
from embedded.engine.snapshot import Snapshot
from embedded.engine.steps import PENDING, Op, Step, StepError
from embedded.providers.base import Diff, InitializationError, Provider, ProviderError, UncertainError
from embedded.state import Resource
from embedded.values import Properties, reveal


class Screen(Protocol):
    """What is told about a run while it goes on."""

    def started(self, step: Step) -> None:
        """A step begins."""

    def ended(self, step: Step, seconds: float, error: str = "") -> None:
        """A step has been carried out, or has failed."""

    def message(self, severity: str, text: str, urn: str = "") -> None:
        """Something that program, provider or engine says."""


@dataclass
class _Outcome:
    """What a call has turned out to be: a look finds out only then."""

    step: Step


class Operations:
    """Carries out steps, at most `parallel` provider calls at once; in a preview providers only foresee."""

    def __init__(
        self,
        snapshot: Snapshot,
        registry: Registry,
        screen: Screen,
        stopped: Callable[[Op], bool],
        *,
        preview: bool,
        parallel: int,
    ) -> None:
        self._snapshot = snapshot
        self._registry = registry
        self._screen = screen
        self._stopped = stopped
        self.preview = preview
        self._slots = threading.BoundedSemaphore(parallel)

    def same(self, old: Resource, new: Resource) -> Resource:
        """Nothing to do: the state takes over what the program says of the resource."""
        kept = replace(new, id=old.id, outputs=old.outputs, created=old.created, modified=old.modified, extra=old.extra)
        self._screen.ended(Step(Op.SAME, kept.urn, kept.type, old, kept), 0)
        self._snapshot.put(kept, flush=_differs(old, kept))
        return kept

    def create(self, step: Step, new: Resource, provider: Provider | ProviderResource | None) -> Resource:
        """Make it, as a new resource or as a replacement."""
        with self._running(step, new):
            id, outputs = self._create(new, provider)
        stamp = "" if self.preview else now()
        made = replace(new, id=id, outputs=_mark(new, outputs), created=stamp, modified=stamp)
        if step.op is Op.CREATE_REPLACEMENT and step.old is not None and not self._is_gone(step.old):
            self._snapshot.replaced(step.old, made)
        else:
            self._snapshot.put(made)
        return made

    def update(
        self, step: Step, old: Resource, new: Resource, provider: Provider | ProviderResource | None
    ) -> Resource:
        """Change it in place."""
        with self._running(step, new):
            outputs = self._update(old, new, provider)
        stamp = old.modified if self.preview else now()
        made = replace(new, id=old.id, outputs=_mark(new, outputs), created=old.created, modified=stamp)
        self._snapshot.put(made)
        return made

    def delete(self, step: Step, old: Resource, *, forget: bool = False) -> None:
        """Remove it; `forget` takes it out of the state only (retained, or gone with what held it)."""
        with self._running(step, old):
            if old.custom and not forget and not self.preview and not urns.is_provider(old.type):
                timeout = old.custom_timeouts.get("delete")
                provider = self._registry.get(old.provider)
                provider.delete(old.type, old.id, reveal(old.inputs), reveal(old.outputs), timeout=timeout)
        self._snapshot.removed(old)

    def keep(self, taken: Resource, new: Resource) -> Resource:
        """What was taken over, under the options that the program gives it; the screen has been told."""
        kept = replace(new, id=taken.id, outputs=taken.outputs, created=taken.created, modified=taken.modified)
        self._snapshot.put(kept)
        return kept

    def unchanged(self, old: Resource) -> None:
        """A resource that a refresh has nothing to ask about."""
        self._screen.ended(Step(Op.SAME, old.urn, old.type, old, old, refreshed=True), 0)

    def read(self, step: Step, look: Callable[[], tuple[Resource | None, Diff]]) -> Resource | None:
        """Look at a resource; the screen is told what the look has found."""
        with self._running(step, step.state) as outcome:
            found, diff = look()
            op = Op.DELETE if found is None else Op.UPDATE if diff.changes else Op.SAME
            outcome.step = replace(step, op=op, new=found, diff=diff, refreshed=True)
        return found

    def take(self, step: Step, provider: Provider) -> Resource:
        """Take what exists under the id that the program names into the state. Raises StepError where it doesn't."""
        new = step.state
        with self._running(step, new):
            found = provider.read(new.type, new.import_id, {}, {})
            if found is None:
                raise ProviderError(f"resource '{new.import_id}' does not exist")
        stamp = "" if self.preview else now()
        inputs, outputs = found.inputs, _mark(new, found.outputs)
        return replace(new, id=found.id, inputs=inputs, outputs=outputs, created=stamp, modified=stamp)

    def _create(self, new: Resource, provider: Provider | ProviderResource | None) -> tuple[str, Properties]:
        if provider is None:
            return "", {}
        if isinstance(provider, ProviderResource):
            return ("" if self.preview else provider.new_id()), provider.outputs(new.inputs)
        timeout = new.custom_timeouts.get("create")
        return provider.create(
            new.type, urns.name_of(new.urn), reveal(new.inputs), preview=self.preview, timeout=timeout
        )

    def _update(self, old: Resource, new: Resource, provider: Provider | ProviderResource | None) -> Properties:
        if provider is None:
            return old.outputs
        if isinstance(provider, ProviderResource):
            return provider.outputs(new.inputs)
        return provider.update(
            new.type,
            old.id,
            reveal(old.inputs),
            reveal(old.outputs),
            reveal(new.inputs),
            preview=self.preview,
            timeout=new.custom_timeouts.get("update"),
        )

    @contextmanager
    def _running(self, step: Step, resource: Resource) -> Iterator[_Outcome]:
        """One call: noted before, reported after. A failure is reported and becomes a StepError."""
        counted = resource.custom and not urns.is_provider(resource.type) and step.op in PENDING
        outcome = _Outcome(step)
        with self._slots:
            if self._stopped(step.op):
                raise StepError
            self._screen.started(step)
            began = time.monotonic()
            if counted and not self.preview:
                self._snapshot.begin(step.op, resource)
            try:
                yield outcome
            except InitializationError as error:
                self._keep_half_made(step, resource, error)
                raise self._failed(step, began, str(error)) from None
            except ProviderError as error:
                if counted and not isinstance(error, UncertainError):
                    self._snapshot.abandon(resource)
                raise self._failed(step, began, str(error)) from None
            except Exception as error:
                text = f"{resource.type}: {where(error)} in the embedded provider"
                raise self._failed(step, began, text) from error
            self._screen.ended(outcome.step, time.monotonic() - began)

    def _failed(self, step: Step, began: float, text: str) -> StepError:
        text = secrecy.hide(
            text, *(part for state in (step.old, step.new) if state for part in (state.inputs, state.outputs))
        )
        self._screen.ended(step, time.monotonic() - began, text)
        self._screen.message("error", text, step.urn)
        return StepError(text)

    def _keep_half_made(self, step: Step, new: Resource, error: InitializationError) -> None:
        created = step.old.created if step.op is Op.UPDATE and step.old else now()
        outputs = _mark(new, error.outputs)
        half = replace(new, id=error.id, outputs=outputs, init_errors=[str(error)], created=created, modified=now())
        if step.op is Op.CREATE_REPLACEMENT and step.old is not None and not self._is_gone(step.old):
            self._snapshot.replaced(step.old, half)
        else:
            self._snapshot.put(half)

    def _is_gone(self, old: Resource) -> bool:
        return not any(item is old for item in self._snapshot.leftovers)


def _mark(new: Resource, outputs: Properties) -> Properties:
    return secrecy.mark(outputs, new.inputs, new.additional_secret_outputs)


def where(error: Exception) -> str:
    """Type and place of an exception nobody expected, without its text, which may hold a secret."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {Path(frame.filename).name}:{frame.lineno}"


def now() -> str:
    """The time as checkpoints have it: RFC 3339, UTC."""
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


def _differs(old: Resource, new: Resource) -> bool:
    return any(
        getattr(old, name) != getattr(new, name)
        for name in ("inputs", "protect", "retain_on_delete", "deleted_with", "provider", "parent", "init_errors")
    )
