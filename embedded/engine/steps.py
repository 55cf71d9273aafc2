"""The vocabulary of a run: operations and steps, shared by planner, deployment and screens."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from embedded.providers.base import Diff
from embedded.state import Resource


class Op(Enum):
    """What a step does; the names are the CLI's."""

    SAME = "same"
    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    CREATE_REPLACEMENT = "create-replacement"
    DELETE_REPLACED = "delete-replaced"
    DELETE = "delete"
    REFRESH = "refresh"
    IMPORT = "import"


PENDING = {
    Op.CREATE: "creating",
    Op.CREATE_REPLACEMENT: "creating",
    Op.UPDATE: "updating",
    Op.DELETE: "deleting",
    Op.DELETE_REPLACED: "deleting",
}
"""Operations that may be cut short, with the names that the checkpoint gives them."""


_OPTIONS = {"protect": "protect", "retainOnDelete": "retain_on_delete", "deletedWith": "deleted_with"}


@dataclass(frozen=True)
class Step:
    """One thing done to one resource: `old` is None for a creation, `new` for a deletion.

    `cascade` marks a replacement forced by the replacement of something it depends on, `refreshed` a change that was
    found and not made.
    """

    op: Op
    urn: str
    type: str
    old: Resource | None
    new: Resource | None
    diff: Diff = field(default_factory=Diff)
    cascade: bool = False
    refreshed: bool = False

    @property
    def options(self) -> list[str]:
        """The options that are others now, by the names that screens give them."""
        old, new = self.old, self.new
        if old is None or new is None:
            return []
        return [name for name, field in _OPTIONS.items() if getattr(old, field) != getattr(new, field)]

    @property
    def state(self) -> Resource:
        """The resource as it is wanted, or as it was where it goes away."""
        found = self.new or self.old
        if found is None:
            raise ValueError(f"a step without a state: {self.urn}")
        return found


class StepError(Exception):
    """A step failed and has been reported; the run ends without starting more."""
