"""Calls `./pulumiw`, so that whatever engine it chooses does the work. Owns nothing of what a stack is."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from operate.errors import OperateError

REPOSITORY = Path(__file__).parents[1]
_WRAPPER = REPOSITORY / "pulumiw"


def run(*arguments: str) -> None:
    """Run a command with its output on this screen. Raises OperateError when it fails."""
    code = _call(arguments, quiet=arguments[0] not in ("up", "preview")).returncode
    if code:
        raise OperateError(f"`./pulumiw {' '.join(arguments)}` failed with exit code {code}: see above")


def ask(*arguments: str) -> str | None:
    """The output of a command, or None when it fails."""
    done = _call(arguments, quiet=True, capture=True)
    return None if done.returncode else done.stdout


def outputs(stack: str) -> dict[str, Any]:
    """The stack's outputs, secrets hidden."""
    text = ask("stack", "output", "--json", "--stack", stack)
    if text is None:
        raise OperateError(f"stack {stack} has no outputs: `make up STACK={stack}` builds it")
    found: dict[str, Any] = json.loads(text)
    return found


def export(stack: str) -> dict[str, Any]:
    """The stack's state, secrets encrypted."""
    text = ask("stack", "export", "--stack", stack)
    if text is None:
        raise OperateError(f"there is no stack {stack}: `make up STACK={stack}` makes it")
    found: dict[str, Any] = json.loads(text)["deployment"]
    return found


def exists(stack: str) -> bool:
    """Whether the stack has been created."""
    return ask("stack", "export", "--stack", stack) is not None


def _call(arguments: tuple[str, ...], *, quiet: bool, capture: bool = False) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PULUMIW_QUIET": "1"} if quiet else None
    return subprocess.run(  # noqa: S603  our own wrapper
        [str(_WRAPPER), *arguments],
        cwd=REPOSITORY,
        env=env,
        text=True,
        check=False,
        stdout=subprocess.PIPE if capture else None,
        stderr=subprocess.PIPE if capture else None,
    )
