"""What the last run has recorded as holding data, read before anything is declared.

Owns the call only; what a difference means belongs to `config.ledger`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from components.config import Settings, SettingsError
from components.config.ledger import compare


def require(settings: Settings) -> None:
    """Let nothing be declared that would lose sight of data. Raises pulumi.RunError, shown without a traceback."""
    problems = compare(last_outputs(), settings)
    if problems:
        raise pulumi.RunError(str(SettingsError(problems)))


def last_outputs() -> Mapping[str, Any]:
    """The outputs that this stack was last left with, empty before its first `up`.

    By a function of the engine itself, so that it needs neither provider nor backend, and works in a preview.
    """
    name = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    answer = pulumi.runtime.invoke("pulumi:pulumi:readStackOutputs", {"name": name}).value
    return (answer or {}).get("outputs") or {}
