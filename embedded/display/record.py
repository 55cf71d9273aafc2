"""What happened in a run, counted and kept for the closing screen and the JSON form."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field

from embedded.engine import urn as urns
from embedded.engine.steps import Op, Step

SIGNS = {
    Op.SAME: "  ",
    Op.CREATE: "+ ",
    Op.UPDATE: "~ ",
    Op.REPLACE: "+-",
    Op.CREATE_REPLACEMENT: "++",
    Op.DELETE_REPLACED: "--",
    Op.DELETE: "- ",
    Op.REFRESH: "~ ",
    Op.IMPORT: "= ",
}
_DONE = {
    Op.IMPORT: "imported",
    Op.CREATE: "created",
    Op.UPDATE: "updated",
    Op.DELETE: "deleted",
    Op.REPLACE: "replaced",
}
_PLANNED = {
    Op.IMPORT: "to import",
    Op.CREATE: "to create",
    Op.UPDATE: "to update",
    Op.DELETE: "to delete",
    Op.REPLACE: "to replace",
}
_COUNTED = tuple(_DONE)


@dataclass
class Message:
    """Something said during the run."""

    severity: str
    text: str
    urn: str


@dataclass
class Record:
    """Finished steps and messages; steps of default providers are kept apart, as they are never shown."""

    steps: list[Step] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    errors: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, step: Step, error: str) -> None:
        """Keep a finished step."""
        with self.lock:
            if error:
                self.errors += 1
            elif not urns.is_default_provider(step.urn):
                self.steps.append(step)

    def counts(self) -> Counter[Op]:
        """Resources by operation; the parts of a replacement count as one."""
        return Counter(step.op for step in self.steps if step.op in (*_COUNTED, Op.SAME))

    @property
    def changed(self) -> int:
        """How many resources are different from before."""
        return sum(number for op, number in self.counts().items() if op is not Op.SAME)

    def summary(self, *, preview: bool) -> list[str]:
        """The lines below `Resources:`."""
        counts = self.counts()
        words = _PLANNED if preview else _DONE
        lines = [f"{SIGNS[op]}{counts[op]} {words[op]}" for op in _COUNTED if counts[op]]
        same = counts[Op.SAME]
        kinds = len(lines)
        if kinds > 1:
            tail = f". {same} unchanged" if same else ""
            lines.append(f"{self.changed} changes{tail}")
        elif same:
            lines.append(f"{same} unchanged")
        if self.errors:
            lines.append(f"{self.errors} errored")
        return lines
