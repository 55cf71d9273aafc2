"""How a value that sizes itself is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Explained:
    """One value of a container: `rule` is the formula with its numbers, `source` a key of the stack file or a page."""

    name: str
    value: str
    rule: str
    source: str


@dataclass(frozen=True, kw_only=True)
class Sized:
    """What a container is started with. `kind` says how it is asked for the values that it has."""

    kind: str
    container: str
    values: Sequence[Explained]
