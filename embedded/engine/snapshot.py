"""The stack's state while it changes: what was there, what is there now, what is being tried.

Every change is handed to `write` at once, so that after a crash at any moment the checkpoint tells what may exist.
Owns order (a resource never stands before what it depends on) and the marks of replaced resources; not the file.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import replace

from embedded.engine.steps import PENDING, Op
from embedded.state import Resource

Write = Callable[[list[Resource], list[tuple[str, Resource]]], None]


class Snapshot:
    """Old and new resources of one run. In a preview `write` is None: everything happens in memory only."""

    def __init__(self, olds: Iterable[Resource], pending: Iterable[tuple[str, Resource]], write: Write | None) -> None:
        self._olds = list(olds)
        self._old_by_urn = {old.urn: old for old in self._olds if not old.delete}
        self._news: dict[str, Resource] = {}
        self._inherited = {item.urn: (kind, item) for kind, item in pending}  # of an earlier, interrupted run
        self._pending: dict[str, tuple[str, Resource]] = {}
        self._write = write
        self._lock = threading.RLock()
        self._dirty = False

    @property
    def olds(self) -> list[Resource]:
        """Old resources that are still there and neither registered again nor replaced, in state order."""
        with self._lock:
            return [old for old in self._olds if old.urn not in self._news]

    @property
    def leftovers(self) -> list[Resource]:
        """What has to go once the program has ended: not registered again, or replaced."""
        with self._lock:
            return [old for old in self._olds if old.delete or old.urn not in self._news]

    @property
    def resources(self) -> list[Resource]:
        """All resources in the order in which they are written."""
        with self._lock:
            return [*self._news.values(), *(old for old in self._olds if old.delete or old.urn not in self._news)]

    def old(self, urn: str) -> Resource | None:
        """The old state of a URN, also once its resource has been deleted for a replacement."""
        return self._old_by_urn.get(urn)

    def rename(self, urn: str, aliases: Iterable[str]) -> str:
        """Give the old state of the first alias that has one the new URN, everywhere; answers the alias, or ""."""
        with self._lock:
            if urn in self._old_by_urn:
                return ""
            before = next((alias for alias in aliases if alias in self._old_by_urn and alias not in self._news), "")
            if before:
                self._olds = [_rename(old, before, urn) for old in self._olds]
                self._old_by_urn = {old.urn: old for old in self._olds if not old.delete}
            return before

    def get(self, urn: str) -> Resource | None:
        """The newest state of a URN."""
        with self._lock:
            return self._news.get(urn) or self._old_by_urn.get(urn)

    def registered(self) -> list[Resource]:
        """What the program has registered so far."""
        with self._lock:
            return list(self._news.values())

    def is_registered(self, urn: str) -> bool:
        """Whether the run has got to this URN."""
        with self._lock:
            return urn in self._news

    @property
    def inherited(self) -> list[tuple[str, Resource]]:
        """Operations of an earlier, interrupted run that are not settled yet."""
        with self._lock:
            return list(self._inherited.values())

    def settled(self, resource: Resource) -> None:
        """What was pending for this resource from an earlier run has been looked into."""
        with self._lock:
            self._inherited.pop(resource.urn, None)
            self._dirty = True
            self.flush()

    def amend(self, old: Resource, new: Resource | None) -> None:
        """An old resource turned out to be different, or to be gone, None."""
        with self._lock:
            changed = [new if item is old else item for item in self._olds]
            self._olds = [item for item in changed if item is not None]
            self._old_by_urn = {item.urn: item for item in self._olds if not item.delete}
            self._dirty = True
            self.flush()

    def adopt(self, made: Resource) -> None:
        """A resource that an earlier, interrupted run had made; it counts as an old one from now on."""
        with self._lock:
            self._olds = [*self._olds, made]
            self._old_by_urn[made.urn] = made
            self._dirty = True
            self.flush()

    def begin(self, op: Op, resource: Resource) -> None:
        """Note that an operation is about to be tried."""
        with self._lock:
            self._pending[resource.urn] = (PENDING[op], resource)
            self.flush(force=True)

    def abandon(self, resource: Resource) -> None:
        """The operation failed and has changed nothing."""
        with self._lock:
            self._pending.pop(resource.urn, None)
            self.flush(force=True)

    def put(self, resource: Resource, *, flush: bool = True) -> None:
        """A resource is now as given; its old state, if any, is superseded."""
        with self._lock:
            self._pending.pop(resource.urn, None)
            self._inherited.pop(resource.urn, None)
            self._news[resource.urn] = resource
            self._dirty = True
            if flush:
                self.flush()

    def replaced(self, old: Resource, new: Resource) -> None:
        """A replacement has been made; the old one waits for its deletion."""
        with self._lock:
            self._olds = [replace(item, delete=True) if item is old else item for item in self._olds]
            self.put(new)

    def removed(self, resource: Resource) -> None:
        """A resource is gone."""
        with self._lock:
            self._pending.pop(resource.urn, None)
            self._olds = [old for old in self._olds if old is not resource]
            self._dirty = True
            self.flush()

    def flush(self, *, force: bool = False) -> None:
        """Write what has changed since the last time."""
        with self._lock:
            if self._write and (self._dirty or force):
                inherited = [item for urn, item in self._inherited.items() if urn not in self._pending]
                self._write(self.resources, [*inherited, *self._pending.values()])
                self._dirty = False


def _rename(old: Resource, before: str, after: str) -> Resource:
    """`old` with one URN exchanged wherever it stands."""

    def now(urn: str) -> str:
        return after if urn == before else urn

    provider, _, id = old.provider.rpartition("::")
    renamed = replace(
        old,
        urn=now(old.urn),
        parent=now(old.parent),
        provider=f"{now(provider)}::{id}" if old.provider else "",
        dependencies=[now(urn) for urn in old.dependencies],
        property_dependencies={key: [now(urn) for urn in urns] for key, urns in old.property_dependencies.items()},
        deleted_with=now(old.deleted_with),
    )
    return old if renamed == old else renamed
