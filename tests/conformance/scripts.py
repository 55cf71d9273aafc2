"""The recorded programs as scripts: which steps there are, what is changed before each, and in which order.

Owns nothing of what a step should lead to: that is in the facts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Step:
    """One command of a recording. `number` is set in the configuration first, `before` is done by hand before it.

    `apart` says that the recording kept the exit code only.
    """

    name: str
    number: int = 0
    before: str = ""
    apart: bool = False


@dataclass(frozen=True)
class Script:
    """A program, its stack, and the steps."""

    name: str
    project: str
    stack: str
    steps: tuple[Step, ...]
    config: Mapping[str, str]

    @property
    def folder(self) -> Path:
        """The program's code."""
        return HERE / "programs" / self.name

    @property
    def file(self) -> Path:
        """The facts."""
        return HERE / "facts" / f"{self.name}.json"


OPTIONS = Script(
    "options",
    "options",
    "opt",
    (
        Step("01-up", 1),
        Step("02-up-json-same"),
        Step("2-preview", 2),
        Step("2-up"),
        Step("3-preview", 3),
        Step("3-up"),
        Step("4-preview", 4),
        Step("4-up"),
        Step("4-expect"),
        Step("5-preview", 5),
        Step("5-up"),
        Step("6-up-fails", 6),
        Step("6-up-mended", 5),
        Step("7-up-locked", 7, before="killed"),
        Step("7-cancel"),
        Step("7-up-pending", 5),
        Step("7-refresh-clear"),
        Step("8-import", 8),
        Step("8-target"),
        Step("9-outputs"),
        Step("9-outputs-secrets"),
        Step("9-stack-ls"),
        Step("9-destroy"),
    ),
    {},
)
DATA_TIER = Script(
    "data-tier",
    "reference",
    "ref",
    (
        Step("01-up", 1),
        Step("02-preview-same"),
        Step("03-up-same"),
        Step("04-preview-change", 2),
        Step("05-preview-change-json"),
        Step("06-up-change"),
        Step("07-preview-rotate", 3),
        Step("08-up-rotate"),
        Step("09-preview-remove-app", 4),
        Step("10-up-remove-app"),
        Step("11-refresh-preview", before="drift"),
        Step("12-refresh"),
        Step("13-up-after-drift"),
        Step("14-destroy-protected"),
        Step("15-unprotect", 7, apart=True),
        Step("16-expect-no-changes", apart=True),
        Step("17-destroy", apart=True),
    ),
    {"pin": "1234"},
)
SECRETS = Script(
    "secrets",
    "scram",
    "sc",
    (
        Step("01-up"),
        Step("02-preview-same"),
        Step("03-refresh"),
        Step("04-preview-rotate", 2),
        Step("05-up-rotate"),
        Step("06-destroy"),
    ),
    {},
)
SCRIPTS = {script.name: script for script in (OPTIONS, DATA_TIER, SECRETS)}
