"""The stack's state while it changes: what was there, what is there now, what is being tried.

Every change is handed to `write` at once, so that after a crash at any moment the journal tells what may exist.
Owns order (a resource never stands before what it depends on) and the marks of replaced resources; not the file.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from embedded.engine.steps import PENDING, Op
from embedded.state import Resource
from embedded.state.changes import Change, Kind, Operation, Replay

Write = Callable[[Sequence[Change[Resource]]], None]


class Snapshot:
    """Old and new resources of one run. In a preview `write` is None: everything happens in memory only."""

    def __init__(self, olds: Iterable[Resource], pending: Iterable[tuple[str, Resource]], write: Write | None) -> None:
        before = (Operation(kind, item.urn, item) for kind, item in pending)  # of an earlier, interrupted run
        self._state: Replay[Resource] = Replay(olds, before)
        self._old_by_urn = {old.urn: old for old in self._state.olds.values() if not old.delete}
        self._numbers: dict[str, list[int]] = {}
        for number, old in self._state.olds.items():
            self._numbers.setdefault(old.urn, []).append(number)
        self._next = len(self._state.olds)
        self._write = write
        self._lock = threading.RLock()
        self._queue: list[Change[Resource]] = []
        self._queued = self._written = 0
        self._writing = threading.Lock()

    @property
    def olds(self) -> list[Resource]:
        """Old resources that are still there and neither registered again nor replaced, in state order."""
        with self._lock:
            return [old for old in self._state.olds.values() if old.urn not in self._state.news]

    @property
    def leftovers(self) -> list[Resource]:
        """What has to go once the program has ended: not registered again, or replaced."""
        with self._lock:
            return list(self._state.olds.values())

    @property
    def resources(self) -> list[Resource]:
        """All resources in the order in which they are written."""
        with self._lock:
            return self._state.resources

    def old(self, urn: str) -> Resource | None:
        """The old state of a URN, also once its resource has been deleted for a replacement."""
        return self._old_by_urn.get(urn)

    def rename(self, urn: str, aliases: Iterable[str]) -> str:
        """Give the old state of the first alias that has one the new URN, everywhere; answers the alias, or ""."""
        with self._lock:
            if urn in self._old_by_urn:
                return ""
            before = next((alias for alias in aliases if self._live(alias) is not None), "")
            if before:
                for number, old in list(self._state.olds.items()):
                    self._exchange(number, _rename(old, before, urn))
                self._numbers.setdefault(urn, []).extend(self._numbers.pop(before))
            return before

    def get(self, urn: str) -> Resource | None:
        """The newest state of a URN."""
        with self._lock:
            return self._state.news.get(urn) or self._old_by_urn.get(urn)

    def registered(self) -> list[Resource]:
        """What the program has registered so far."""
        with self._lock:
            return list(self._state.news.values())

    def is_registered(self, urn: str) -> bool:
        """Whether the run has got to this URN."""
        with self._lock:
            return urn in self._state.news

    @property
    def inherited(self) -> list[tuple[str, Resource]]:
        """Operations of an earlier, interrupted run that are not settled yet."""
        with self._lock:
            return [(item.kind, item.entry) for item in self._state.inherited]

    def settled(self, resource: Resource) -> None:
        """What was pending for this resource from an earlier run has been looked into."""
        self._record(Change(Kind.SETTLED, resource.urn))
        self.flush()

    def amend(self, old: Resource, new: Resource | None) -> None:
        """An old resource turned out to be different, or to be gone, None."""
        with self._lock:
            number = self._number(old)
            if number is None:
                return
            if new is None:
                if not self._take_out(number).delete:
                    self._old_by_urn.pop(old.urn, None)
            else:
                self._exchange(number, new)
        self.flush()

    def adopt(self, made: Resource) -> None:
        """A resource that an earlier, interrupted run had made; it counts as an old one from now on."""
        with self._lock:
            self._numbers.setdefault(made.urn, []).append(self._next)
            self._exchange(self._next, made)
            self._next += 1
        self.flush()

    def begin(self, op: Op, resource: Resource) -> None:
        """Note that an operation is about to be tried."""
        self._record(Change(Kind.BEGIN, resource.urn, entry=resource, operation=PENDING[op]))
        self.flush()

    def abandon(self, resource: Resource) -> None:
        """The operation failed and has changed nothing."""
        self._record(Change(Kind.END, resource.urn))
        self.flush()

    def put(self, resource: Resource, *, flush: bool = True) -> None:
        """A resource is now as given; its old state, if any, is superseded."""
        with self._lock:
            number = self._live(resource.urn)
            if number is not None and self._state.olds[number] == resource:
                self._record(Change(Kind.SAME, resource.urn, number))
            else:
                self._record(Change(Kind.PUT, resource.urn, number, resource))
        if flush:
            self.flush()

    def replaced(self, old: Resource, new: Resource) -> None:
        """A replacement has been made; the old one waits for its deletion."""
        with self._lock:
            number = self._number(old)
            if number is not None:
                marked = replace(self._state.olds[number], delete=True)
                self._record(Change(Kind.OLD, old.urn, number, marked))
            self.put(new, flush=False)
        self.flush()

    def removed(self, resource: Resource) -> None:
        """A resource is gone."""
        with self._lock:
            number = self._number(resource)
            if number is None:
                self._record(Change(Kind.END, resource.urn))
            else:
                self._take_out(number)
        self.flush()

    def flush(self) -> None:
        """Return once all changes so far are written; whoever writes takes along what others wait for."""
        with self._lock:
            wanted = self._queued
        if self._write is None or self._written >= wanted:
            return
        with self._writing:
            if self._written >= wanted:
                return
            with self._lock:
                batch, self._queue, wanted = self._queue, [], self._queued
            try:
                self._write(batch)
            except BaseException:
                with self._lock:
                    self._queue[:0] = batch  # for the next, who may have more luck
                raise
            self._written = wanted

    def _record(self, change: Change[Resource]) -> None:
        with self._lock:
            self._state.apply(change)
            if self._write is not None:
                self._queue.append(change)
                self._queued += 1

    def _exchange(self, number: int, new: Resource) -> None:
        """What an old resource is from now on; one that is no different costs no change."""
        before = self._state.olds.get(number)
        if before == new:
            return
        self._record(Change(Kind.OLD, new.urn, number, new))
        if not new.delete:
            if before is not None and before.urn != new.urn:
                self._old_by_urn.pop(before.urn, None)
            self._old_by_urn[new.urn] = new

    def _take_out(self, number: int) -> Resource:
        """An old resource is gone, and with it what an earlier run may have left half-done to it."""
        gone = self._state.olds[number]
        self._record(Change(Kind.OLD, gone.urn, number))
        if any(item.urn == gone.urn and item.kind in ("updating", "deleting") for item in self._state.inherited):
            self._record(Change(Kind.SETTLED, gone.urn))
        return gone

    def _number(self, resource: Resource) -> int | None:
        """The number of an old resource; of one that has been exchanged since, what stands in its place."""
        olds = self._state.olds
        found = (number for number in self._numbers.get(resource.urn, ()) if olds.get(number) is resource)
        return next(found, None if resource.delete else self._live(resource.urn))

    def _live(self, urn: str) -> int | None:
        """The number of the old resource of a URN that is neither registered again nor waits for its deletion."""
        olds = self._state.olds
        return next((n for n in self._numbers.get(urn, ()) if n in olds and not olds[n].delete), None)


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
