"""Calls recorded from the official plugins, in the engine's own values."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import json_format, struct_pb2

from embedded.providers.base import Diff
from embedded.values import Properties, from_struct

FIXTURES = Path(__file__).parents[2] / "fixtures"


def values(properties: dict[str, Any]) -> Properties:
    """Properties as they came over the wire, with their markers."""
    return from_struct(json_format.ParseDict(properties, struct_pb2.Struct()))


def calls(package: str, method: str, *, preview: bool = False) -> list[Any]:
    """The recorded calls of one method as test parameters, each under its resource's name."""
    rows = json.loads((FIXTURES / f"{package}_calls.json").read_text())
    chosen = [row for row in rows if row["method"] == method and row["preview"] is preview]
    assert chosen, f"no recorded {method} of {package}"
    return [pytest.param(row, id=f"{row['type'].split(':')[-1]}-{row['name']}") for row in chosen]


def same_diff(found: Diff, answer: dict[str, Any]) -> None:
    """Asserts that a diff says what the official plugin said."""
    assert found.changes is (answer["changes"] == "DIFF_SOME")
    assert sorted(found.diffs) == sorted(answer.get("diffs", []))
    assert sorted(found.replaces) == sorted(answer.get("replaces", []))
    kinds = {path: item.get("kind", "ADD") for path, item in answer.get("detailedDiff", {}).items()}
    assert {path: kind.name for path, kind in found.detailed.items()} == kinds
    assert found.delete_before_replace is answer.get("deleteBeforeReplace", False)
