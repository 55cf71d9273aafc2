"""States, plans and logs as texts to search, and where each part of a text stands.

Of a JSON document the keys and texts are searched, one below the other, without what is encrypted; a place in it is a
path. Of a log it is a line.
"""

from __future__ import annotations

import bisect
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from embedded.values import SECRET_SIGNATURE, SIGNATURE
from operate.audit.errors import InputError

_BETWEEN: Final = "\n\0"  # no value goes over it


@dataclass(frozen=True)
class _Piece:
    """A key or a text of a document: `name` is the key that it stands at."""

    urn: str
    where: str
    name: str
    text: str


class Document:
    """Something to search."""

    def __init__(self, name: str, pieces: Sequence[_Piece], between: str = _BETWEEN) -> None:
        self.name = name
        self.text = between.join(piece.text for piece in pieces)
        self._pieces = pieces
        self._starts: list[int] = []
        start = 0
        for piece in pieces:
            self._starts.append(start)
            start += len(piece.text) + len(between)

    def place(self, offset: int) -> tuple[str, str]:
        """The resource, if it is in one, and the path or line of what stands at `offset`."""
        piece = self._pieces[bisect.bisect_right(self._starts, offset) - 1]
        return piece.urn, piece.where

    def pieces(self) -> Iterator[tuple[int, str, str]]:
        """Offset, name and text of each piece."""
        for start, piece in zip(self._starts, self._pieces, strict=True):
            yield start, piece.name, piece.text


def of_state(deployment: Mapping[str, Any], name: str) -> Document:
    """All that a state says in plain, resource by resource."""
    pieces: list[_Piece] = []
    for key, part in deployment.items():
        if key != "resources":
            pieces += _walk(part, key, "", key)
    for item in deployment.get("resources") or ():
        for key, part in item.items():
            pieces += _walk(part, key, str(item["urn"]), key)
    return Document(name, pieces)


def of_plan(path: Path) -> Document:
    """A plan as `preview --json` prints it. Raises InputError."""
    try:
        plan = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"plan {path} can't be read ({error.strerror}): write it with `preview --json`") from None
    except ValueError:
        raise InputError(f"plan {path} isn't JSON: write it with `./pulumiw preview --json > {path}`") from None
    if not isinstance(plan, dict) or not {"steps", "changeSummary", "config"}.intersection(plan):
        raise InputError(f"{path} is no plan: write it with `./pulumiw preview --json > {path}`")
    pieces: list[_Piece] = []
    for key, part in plan.items():
        if key != "steps" or not isinstance(part, list):
            pieces += _walk(part, key, "", key)
            continue
        for at, step in enumerate(part):
            urn = str(step.get("urn", "")) if isinstance(step, dict) else ""
            pieces += _walk(step, f"steps[{at}]", urn, "")
    return Document(str(path), pieces)


def of_logs(path: str) -> Document:
    """A log from a file, or from standard input for `-`. Raises InputError."""
    try:
        raw = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
    except OSError as error:
        raise InputError(f"log {path} can't be read ({error.strerror}): name a file that is there") from None
    lines = raw.decode("utf-8", errors="replace").split("\n")
    pieces = [_Piece("", f"line {number}", "", line) for number, line in enumerate(lines, start=1)]
    return Document("standard input" if path == "-" else path, pieces, between="\n")


def _walk(value: Any, where: str, urn: str, name: str) -> Iterator[_Piece]:
    if isinstance(value, Mapping):
        if value.get(SIGNATURE) == SECRET_SIGNATURE:
            return
        for key, item in value.items():
            yield _Piece(urn, where, "", str(key))
            yield from _walk(item, f"{where}.{key}", urn, str(key))
    elif isinstance(value, list):
        for at, item in enumerate(value):
            yield from _walk(item, f"{where}[{at}]", urn, "")
    elif isinstance(value, str) and value:
        yield _Piece(urn, where, name, value)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield _Piece(urn, where, "", str(value))
