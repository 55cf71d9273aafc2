"""What an audit has found, for people and as JSON. Owns the order and the words; holds no secret."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.text import Text

from operate import printing
from operate.audit.judge import Found, NotJudged
from operate.audit.resources import Source
from policies.rule import Level, Severity

_COLOURS: Final = {"critical": "bold red", "high": "red", "medium": "yellow", "low": "cyan"}
_ORDER: Final = {one.value: -at for at, one in enumerate(Severity)}


@dataclass
class Report:
    """Everything that one run looked at and found."""

    sources: list[Source] = field(default_factory=list)
    scanned: list[str] = field(default_factory=list)
    found: list[Found] = field(default_factory=list)
    not_judged: list[NotJudged] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether nothing mandatory was found."""
        return all(one.level != Level.MANDATORY.value for one in self.found)

    def as_json(self) -> dict[str, Any]:
        """As --json has it."""
        return {
            "ok": self.ok,
            "sources": [{"kind": one.kind, "name": one.name, "resources": len(one.resources)} for one in self.sources],
            "scanned": self.scanned,
            "findings": [one.as_json() for one in _sorted(self.found)],
            "not_judged": [one.as_json() for one in self.not_judged],
            "notes": self.notes,
        }


def render(report: Report) -> RenderableType:
    """A table for each source, then what to do about each rule, what couldn't be judged, and the count."""
    parts: list[RenderableType] = []
    for name in dict.fromkeys(one.source for one in report.found):
        parts.append(_table(name, [one for one in _sorted(report.found) if one.source == name]))
    remedies = {one.rule: one.todo for one in _sorted(report.found)}  # once: the same words a hundred times help nobody
    parts += [Text("\nWhat to do", style="bold")] if remedies else []
    parts += [Text(f"  {rule}: {todo}.") for rule, todo in remedies.items()]
    parts += [Text(f"not judged: {line}") for line in _unknowns(report.not_judged)]
    parts += [Text(f"note: {note}") for note in report.notes]
    return Group(*parts, Text(_count(report)))


def _table(name: str, found: Sequence[Found]) -> RenderableType:
    table = printing.table(f"\n{escape(name)}", "severity", "level", "rule", "resource", "where", "what")
    for one in found:
        cells = (one.level, one.rule, one.resource, one.where, one.what)
        table.add_row(f"[{_COLOURS[one.severity]}]{one.severity}[/]", *map(escape, cells))
    return table


def _sorted(found: Sequence[Found]) -> list[Found]:
    return sorted(found, key=lambda one: (one.source, _ORDER[one.severity], one.rule, one.resource, one.where))


def _unknowns(unread: Sequence[NotJudged]) -> Iterator[str]:
    for one in unread:
        yield f"{one.resource}: {one.where} isn't known here; needed by {', '.join(one.rules)}"


def _count(report: Report) -> str:
    mandatory = sum(one.level == Level.MANDATORY.value for one in report.found)
    looked = f"{sum(len(one.resources) for one in report.sources)} resources" if report.sources else ""
    scanned = f"{len(report.scanned)} texts searched for secrets" if report.scanned else ""
    return (
        f"\n{len(report.found)} findings, {mandatory} of them mandatory, {len(report.not_judged)} not judged; "
        f"{', '.join(filter(None, (looked, scanned)))}"
    )
