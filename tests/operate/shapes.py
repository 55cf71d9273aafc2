"""Inventories for the tests: the small stack file of the components' tests, declared in memory."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from operate import declared


def stack_file(raw: Mapping[str, Any]) -> declared.StackFile:
    """A stack file that is nowhere on disk."""
    return declared.StackFile(stack="test", path=Path("Pulumi.test.yaml"), config=raw)


def both(raw: Mapping[str, Any]) -> dict[str, declared.Inventory]:
    """Both shapes of a configuration."""
    file = stack_file(raw)
    return {shape: declared.declare("test", file.settings(shape)) for shape in declared.SHAPES}
