"""Where the facts of a run and of its recording differ, path by path."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.conformance.normal import Json

_NOTHING = object()


@dataclass(frozen=True)
class Difference:
    """One value: its path, `/` between parts, as recorded and as found; "(none)" where there is none."""

    path: str
    recorded: str
    found: str

    def __str__(self) -> str:
        return f"{self.path}\n    recorded: {self.recorded}\n    found:    {self.found}"


def differences(recorded: Json, found: Json) -> list[Difference]:
    """All of them, the command and what wasn't recorded left out."""
    return list(_compare("", {key: value for key, value in recorded.items() if key != "command"}, found))


def count(value: Any) -> int:
    """How many single values facts have."""
    if isinstance(value, dict) and value:
        return sum(count(item) for item in value.values())
    if isinstance(value, list) and value:
        return sum(count(item) for item in value)
    return 1


def _compare(path: str, recorded: Any, found: Any) -> Iterator[Difference]:
    if isinstance(recorded, dict) and isinstance(found, dict):
        for key in [*recorded, *(key for key in found if key not in recorded)]:
            part = f"{path}/{key}" if path else str(key)
            yield from _compare(part, recorded.get(key, _NOTHING), found.get(key, _NOTHING))
    elif isinstance(recorded, list) and isinstance(found, list) and len(recorded) == len(found):
        for number, (one, other) in enumerate(zip(recorded, found, strict=True)):
            yield from _compare(f"{path}/{number}", one, other)
    elif recorded != found:
        yield Difference(path, _shown(recorded), _shown(found))


def _shown(value: Any) -> str:
    text = "(none)" if value is _NOTHING else repr(value)
    return text if len(text) <= 400 else f"{text[:400]}..."
