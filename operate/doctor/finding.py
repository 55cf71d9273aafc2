"""What a check of the doctor says: what it looked at, how it is, and what to do about it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

Level = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One line of the doctor. `todo` is empty where nothing needs to be done. Never holds a secret."""

    check: str
    level: Level
    found: str
    todo: str = ""

    def as_json(self) -> dict[str, Any]:
        """The finding as --json has it."""
        return asdict(self)


def ok(check: str, found: str) -> Finding:
    """Nothing to do."""
    return Finding(check=check, level="ok", found=found)


def warn(check: str, found: str, todo: str) -> Finding:
    """It works, but."""
    return Finding(check=check, level="warn", found=found, todo=todo)


def fail(check: str, found: str, todo: str) -> Finding:
    """`up` or another command will fail."""
    return Finding(check=check, level="fail", found=found, todo=todo)
