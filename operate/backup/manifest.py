"""What is known of a copy: the JSON beside its file, what it is held against, and in what state the file is.

Pure but for reading and writing that file. Names and figures only: no row, no key, no password.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from components import table_facts
from operate.errors import OperateError

FORMAT: Final = 1
SUFFIX: Final = ".json"
STAMP: Final = "%Y%m%dT%H%M%SZ"
_MOST_TOLD: Final = 20
_TIME: Final = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table, a collection or a number of Redis: how many rows, and a sum over all of them in any order."""

    rows: int
    checksum: str
    owner: str = ""


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What a store held at one moment.

    `sequences` are the lowest and highest next value that each may have: they move on while a copy is taken, outside of
    its snapshot.
    """

    server_version: str = ""
    owner: str = ""
    extensions: Mapping[str, str] = field(default_factory=dict)
    tables: Mapping[str, Table] = field(default_factory=dict)
    sequences: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def major(self) -> int:
        """The major version of the server, 0 where it isn't known."""
        first = self.server_version.partition(".")[0]
        return int(first) if first.isdigit() else 0

    @property
    def rows(self) -> int:
        """All rows, documents or keys."""
        return sum(table.rows for table in self.tables.values())


@dataclass(frozen=True, kw_only=True)
class Check:
    """Evidence: a copy was read or restored as a whole, when, how long that took, and what was other than expected."""

    by: str
    when: str
    seconds: float
    equal: bool
    differences: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """One copy. `name` is its file's, beside which the manifest lies; `entries` are objects, documents or keys."""

    name: str
    stack: str
    app: str
    kind: str
    store: str
    database: str
    started: str
    seconds: float
    bytes: int
    sha256: str
    entries: int
    facts: Facts
    checks: tuple[Check, ...] = ()

    def last(self, by: str) -> Check | None:
        """The newest check of that kind."""
        return next((check for check in reversed(self.checks) if check.by == by), None)

    def with_check(self, check: Check) -> Manifest:
        """The same with one more check."""
        return replace(self, checks=(*self.checks, check))

    def text(self) -> str:
        """As it is written."""
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=1, ensure_ascii=False) + "\n"


def parse(text: str) -> Manifest:
    """A manifest from its text. Raises ValueError for one that isn't, or is of another version."""
    try:
        told = json.loads(text)
        if told.pop("format") != FORMAT:
            raise ValueError("of another version of this program")
        facts = told.pop("facts")
        tables = {name: Table(**its) for name, its in facts.pop("tables").items()}
        sequences = {name: (int(low), int(high)) for name, (low, high) in facts.pop("sequences").items()}
        checks = tuple(_check(its) for its in told.pop("checks"))
        return Manifest(**told, facts=Facts(**facts, tables=tables, sequences=sequences), checks=checks)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a manifest ({type(error).__name__})") from None


def _check(told: dict[str, Any]) -> Check:
    return Check(**{**told, "differences": tuple(told["differences"])})


def beside(file: Path) -> Path:
    """Where the manifest of a copy is."""
    return file.with_name(file.name + SUFFIX)


def read(file: Path) -> Manifest:
    """The manifest of a copy. Raises OperateError where there is none, or it can't be read."""
    path = beside(file)
    try:
        return parse(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        what = "is no copy that `backup` has made: it has no manifest beside it" if file.exists() else "isn't there"
        raise OperateError(f"{file} {what}; `./operatew backups` lists what there is") from None
    except OSError as error:
        raise OperateError(f"{path} can't be read: {error.strerror}") from None
    except ValueError as error:
        raise OperateError(f"{path} can't be read: {error}") from None


def digest(file: Path) -> str:
    """The SHA-256 of a file. Raises OSError."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def damage(file: Path, manifest: Manifest) -> str | None:
    """What is wrong with a copy's file, None where it is what was written. All of it is read."""
    try:
        size = file.stat().st_size
        if size != manifest.bytes:
            return f"damaged: {size} bytes instead of {manifest.bytes}"
        return None if digest(file) == manifest.sha256 else "damaged: its SHA-256 differs"
    except FileNotFoundError:
        return "missing"
    except OSError as error:
        return f"can't be read: {error.strerror}"


def now() -> str:
    """The time as manifests have it."""
    return datetime.now(UTC).strftime(_TIME)


def age(manifest: Manifest, at: datetime) -> float:
    """Seconds since a copy was begun."""
    return (at - datetime.strptime(manifest.started, _TIME).replace(tzinfo=UTC)).total_seconds()


def differences(wanted: Facts, found: Facts) -> tuple[str, ...]:
    """What a restored store has other than its copy says; the first of them where there are many."""
    told = [
        *_tables(wanted.tables, found.tables),
        *_sequences(wanted.sequences, found.sequences),
        *_named("extension", wanted.extensions, found.extensions),
    ]
    if wanted.owner != found.owner:
        told.append(f"owner {found.owner or 'nobody'} instead of {wanted.owner}")
    more = len(told) - _MOST_TOLD
    return (*told[:_MOST_TOLD], f"and {more} more") if more > 0 else tuple(told)


def _tables(wanted: Mapping[str, Table], found: Mapping[str, Table]) -> list[str]:
    one, other = ({name: vars(table) for name, table in its.items()} for its in (wanted, found))
    return table_facts.differences(one, other, "copy")


def _sequences(wanted: Mapping[str, tuple[int, int]], found: Mapping[str, tuple[int, int]]) -> list[str]:
    told = _missing("sequence", wanted, found)
    for name in sorted(wanted.keys() & found.keys()):
        (low, high), (at, _) = wanted[name], found[name]
        if not low <= at <= high:
            between = f"{low}" if low == high else f"{low} to {high}"
            told.append(f"sequence {name} goes on with {at} instead of {between}")
    return told


def _named(what: str, wanted: Mapping[str, str], found: Mapping[str, str]) -> list[str]:
    both = sorted(wanted.keys() & found.keys())
    other = [
        f"{what} {name} is {found[name]} instead of {wanted[name]}" for name in both if wanted[name] != found[name]
    ]
    return [*_missing(what, wanted, found), *other]


def _missing(what: str, wanted: Mapping[str, Any], found: Mapping[str, Any]) -> list[str]:
    gone = [f"{what} {name} is missing" for name in sorted(wanted.keys() - found.keys())]
    return [*gone, *(f"{what} {name} is not in the copy" for name in sorted(found.keys() - wanted.keys()))]


def summed(hashes: Sequence[int]) -> str:
    """A sum of hashes, as a checksum: in any order the same, and other with a row more, less or twice."""
    return f"{sum(hashes) % 2**128:x}"
