"""What a state becomes, change by change: the one place that knows, for a run in memory and for a journal read back.

Generic over how a resource is held: an object during a run, an entry of a checkpoint where a journal is folded, so that
folding needs no passphrase. Knows neither files nor what a change means to a run.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

T = TypeVar("T")


class Kind(StrEnum):
    """What a change does; the values are written to journals."""

    PUT = "put"
    """A resource is now as given, and no longer the old one of that number, if one is named."""
    SAME = "same"
    """The old resource of that number has been registered again, as it was."""
    OLD = "old"
    """The old resource of that number is as given, or gone; a new number comes last."""
    BEGIN = "begin"
    """An operation is about to be tried."""
    END = "end"
    """It has failed, and changed nothing."""
    SETTLED = "settled"
    """What was pending from before isn't any more."""


@dataclass(frozen=True)
class Change(Generic[T]):
    """One change. `number` counts the resources of the state that the run began with, from 0 on."""

    kind: Kind
    urn: str
    number: int | None = None
    entry: T | None = None
    operation: str = ""


@dataclass(frozen=True)
class Operation(Generic[T]):
    """An operation that may have been cut short: `kind` is creating, updating, deleting, reading or importing."""

    kind: str
    urn: str
    entry: T


class Replay(Generic[T]):
    """A state under changes. `olds` are by number what the run has not got to, `news` by URN what it has."""

    def __init__(self, olds: Iterable[T], pending: Iterable[Operation[T]] = ()) -> None:
        self.olds: dict[int, T] = dict(enumerate(olds))
        self.news: dict[str, T] = {}
        self.inherited = list(pending)
        self._running: dict[str, Operation[T]] = {}

    @property
    def resources(self) -> list[T]:
        """All resources, in an order in which nothing stands before what it depends on."""
        return [*self.news.values(), *self.olds.values()]

    @property
    def pending(self) -> list[Operation[T]]:
        """Operations that may have been cut short: those from before that aren't being tried again, then the run's."""
        return [*(item for item in self.inherited if item.urn not in self._running), *self._running.values()]

    def apply(self, change: Change[T]) -> None:
        """Carry out one change. Raises KeyError or ValueError for one that doesn't fit the state."""
        if change.kind is Kind.BEGIN:
            self._running[change.urn] = Operation(change.operation, change.urn, _entry(change))
        elif change.kind is Kind.OLD and change.entry is not None:
            self.olds[_number(change)] = change.entry
        elif change.kind is Kind.OLD:
            del self.olds[_number(change)]
            self._running.pop(change.urn, None)
        elif change.kind is Kind.END:
            self._running.pop(change.urn, None)
        elif change.kind is Kind.SETTLED:
            self._settle(change.urn)
        else:
            self._register(change)

    def _register(self, change: Change[T]) -> None:
        old = None if change.number is None else self.olds.pop(change.number)
        self.news[change.urn] = _entry(change) if change.kind is Kind.PUT or old is None else old
        self._running.pop(change.urn, None)
        self._settle(change.urn)

    def _settle(self, urn: str) -> None:
        if self.inherited:
            self.inherited = [item for item in self.inherited if item.urn != urn]


def _entry(change: Change[T]) -> T:
    if change.entry is None:
        raise ValueError(f"{change.kind} without a resource")
    return change.entry


def _number(change: Change[T]) -> int:
    if change.number is None:
        raise ValueError(f"{change.kind} without a number")
    return change.number
