"""The copies of a stack that there are: how large and old they are, by what they were checked, and what is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from rich.table import Table

from operate import printing
from operate.backup import manifest, take
from operate.backup.manifest import Manifest
from operate.errors import OperateError

KINDS: Final = r"(unified|isolated)-\d{8}T\d{6}Z(\.[a-z0-9-]+)?\.(dump|redis|mongo)"
_FILE: Final = re.compile(rf"(?P<app>[a-z0-9-]+?)-{KINDS}")
_STEPS: Final = ((86400, "d"), (3600, "h"), (60, "min"))
_STYLES: Final = {True: "green", False: "red"}


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One copy. `problem` is None where its file is what was written; `manifest` None where there is none to read."""

    file: Path
    app: str
    problem: str | None
    manifest: Manifest | None

    def as_json(self, at: datetime) -> dict[str, Any]:
        """The copy as --json has it."""
        its = self.manifest
        told: dict[str, Any] = {"file": str(self.file), "app": self.app, "problem": self.problem}
        for name in ("store", "bytes", "entries", "started", "seconds"):
            told[name] = getattr(its, name) if its else None
        return {
            **told,
            "age": manifest.age(its, at) if its else None,
            "checks": [asdict(check) for check in its.checks] if its else [],
        }


def look(stack: str, app: str | None) -> list[Entry]:
    """Every copy of a stack or of one app, oldest first; each is read to its end. Raises OperateError for no folder."""
    where = take.folder(stack)
    try:
        names = {path.name for path in where.iterdir()} if where.is_dir() else set()
    except OSError as error:
        raise OperateError(f"{where} can't be read: {error.strerror}") from None
    names = {name.removesuffix(manifest.SUFFIX) for name in names}
    found = ((name, match.group("app")) for name in names if (match := _FILE.fullmatch(name)))
    entries = [_entry(where / name, its) for name, its in found if app in (None, its)]
    return sorted(entries, key=lambda entry: (entry.app, _stamp(entry.file), entry.file.name))


def _entry(file: Path, app: str) -> Entry:
    try:
        its = manifest.read(file)
    except OperateError:
        there = manifest.beside(file).exists()
        problem = "its manifest can't be read" if there else "without a manifest: from before there were any"
        return Entry(file=file, app=app, problem=problem, manifest=None)
    return Entry(file=file, app=app, problem=manifest.damage(file, its) or _failed(its), manifest=its)


def _failed(its: Manifest) -> str | None:
    last = its.last(take.RESTORE)
    return f"not restored: {'; '.join(last.differences)}" if last and not last.equal else None


def _stamp(file: Path) -> str:
    found = re.search(r"\d{8}T\d{6}Z", file.name)
    return found.group() if found else ""


def render(stack: str, entries: list[Entry]) -> Table:
    """The copies as a table."""
    table = printing.table(f"Copies of {stack}", "app", "file", "store", "size", "age", "checked", "state")
    at = datetime.now(UTC)
    for entry in entries:
        its = entry.manifest
        table.add_row(
            entry.app,
            entry.file.name,
            its.store if its else "-",
            printing.size(its.bytes) if its else "-",
            _ago(manifest.age(its, at)) if its else "-",
            ", ".join(_checked(its, at)) if its else "-",
            f"[{_STYLES[entry.problem is None]}]{entry.problem or 'ok'}[/]",
        )
    return table


def _checked(its: Manifest, at: datetime) -> Iterator[str]:
    for by in (take.READ, take.RESTORE):
        if check := its.last(by):
            when = datetime.fromisoformat(check.when)
            yield f"{by} {_ago((at - when).total_seconds())} ago ({check.seconds:g} s)"


def _ago(seconds: float) -> str:
    for length, unit in _STEPS:
        if seconds >= length:
            return f"{seconds / length:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"
