"""What a wrong stack file is answered with.

Owns the wording around a problem; the rules themselves belong to `fields` and `checks`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

NOTHING: Final = object()
_PRIVATE: Final = re.compile(r"pass|secret|token|credential|private|\.env\.|://", re.IGNORECASE)
_LONGEST: Final = 60


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One reason to refuse the stack file.

    `key` is dotted and starts with the project's namespace; `value` is what stood there, `NOTHING` where nothing did;
    `needs` is the dotted key, or keys, that the rule looked things up in: with an error of its own there, this one is
    noise.
    """

    key: str
    rule: str
    remedy: str
    value: Any = NOTHING
    needs: str | tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.key}{self._shown()}: {self.rule}. {self.remedy}."

    def _shown(self) -> str:
        if self.value is NOTHING:
            return ""
        text = str(self.value)
        if _PRIVATE.search(self.key) or _PRIVATE.search(text):
            return " (value not shown)"
        return f" = {text[:_LONGEST]!r}" if isinstance(self.value, str) else f" = {text[:_LONGEST]}"


def twice(entries: Iterable[tuple[str, Any, Any]], rule: str, remedy: str) -> Iterator[Problem]:
    """One problem for each (key, value, shown) whose value was seen before; `rule` may say where by `{other}`."""
    seen: dict[Any, str] = {}
    for key, value, shown in entries:
        if value in seen:
            yield Problem(key=key, value=shown, rule=rule.format(other=seen[value]), remedy=remedy)
        seen.setdefault(value, key)


class SettingsError(Exception):
    """Everything that is wrong with a stack file, each with its dotted key."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        count = "1 problem" if len(self.problems) == 1 else f"{len(self.problems)} problems"
        lines = "\n".join(f"  - {problem}" for problem in self.problems)
        super().__init__(f"{count} in the stack file; nothing was built:\n{lines}")
