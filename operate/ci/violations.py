"""What policies say about a preview, read from its text: `preview --json` leaves policies out, on every engine."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Final

_TITLE: Final = "Policies:"
_FOUND: Final = re.compile(
    r"^ {8}- \[(?P<level>mandatory|advisory)\](?: \[severity: (?P<severity>\w+)\])?"
    r"  (?P<rule>\S+)(?:  \((?P<where>[^()]+)\))?$"
)
_TEXT: Final = " " * 10
_LATER: Final = "can't run policy"


@dataclass(frozen=True, kw_only=True)
class Violation:
    """One finding. `where` is the resource's short type and name, "" for the stack; `severity` "" where not said."""

    rule: str
    mandatory: bool
    severity: str
    where: str
    message: str

    @property
    def later(self) -> bool:
        """Whether nothing is wrong so far: what the rule reads isn't known yet; it is asked again before creation."""
        return not self.mandatory and self.message.startswith(_LATER)


def parse(text: str) -> list[Violation]:
    """The findings below `Policies:` of a preview's screen, mandatory ones first."""
    _, found, rest = text.rpartition(f"\n{_TITLE}\n")  # the last: what a program prints may look like one, but earlier
    if not found:
        return []
    lines = list(takewhile(lambda line: line.startswith("    ") or not line, rest.splitlines()))
    return sorted(dict.fromkeys(_read(lines)), key=lambda one: (not one.mandatory, one.rule, one.where))


def _read(lines: Sequence[str]) -> Iterator[Violation]:
    for at, line in enumerate(lines):
        if found := _FOUND.match(line):
            said = takewhile(lambda text: text.startswith(_TEXT), lines[at + 1 :])
            yield Violation(
                rule=found["rule"],
                mandatory=found["level"] == "mandatory",
                severity=found["severity"] or "",
                where=found["where"] or "",
                message=" ".join(text.strip() for text in said),
            )
