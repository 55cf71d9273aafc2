"""Labels: a set of blocks in the program, a map in Docker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def from_labels(labels: Sequence[Mapping[str, Any]] | None) -> dict[str, str]:
    """As Docker takes them."""
    return {item["label"]: str(item["value"]) for item in labels or ()}


def to_labels(labels: Mapping[str, str] | None) -> list[dict[str, str]]:
    """As the state holds them, in order of their names."""
    return [{"label": key, "value": value} for key, value in sorted((labels or {}).items())]
