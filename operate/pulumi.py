"""Calls `./pulumiw`, so that whatever engine it chooses does the work. Owns nothing of what a stack is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import IO, Any

from operate.errors import OperateError

PROJECT = "data-tier"  # of Pulumi.yaml, and the namespace of its keys
REPOSITORY = Path(__file__).parents[1]
_WRAPPER = REPOSITORY / "pulumiw"


def run(*arguments: str, to_errors: bool = False) -> None:
    """Run a command with its output on this screen, or on standard error. Raises OperateError when it fails."""
    quiet = arguments[0] not in ("up", "preview")
    code = _call(arguments, quiet=quiet, out=sys.stderr if to_errors else None).returncode
    if code:
        raise OperateError(f"`./pulumiw {' '.join(arguments)}` failed with exit code {code}: see above")


def ask(*arguments: str) -> str | None:
    """The output of a command, or None when it fails."""
    done = try_(*arguments)
    return None if done.returncode else done.stdout


def try_(*arguments: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
    """A command's exit code, output and errors; nothing of it on the screen. `given` is its input."""
    return _call(arguments, quiet=True, out=subprocess.PIPE, given=given)


def outputs(stack: str, *, show_secrets: bool = False) -> dict[str, Any]:
    """The stack's outputs, secrets hidden unless asked for. Raises OperateError where there are none."""
    done = try_("stack", "output", "--json", "--stack", stack, *(["--show-secrets"] if show_secrets else []))
    found: dict[str, Any] = {} if done.returncode else json.loads(done.stdout)
    if not found:
        reason = f" ({done.stderr.strip().splitlines()[-1]})" if done.stderr.strip() else ""
        raise OperateError(f"stack {stack} has no outputs{reason}: `make up STACK={stack}` builds it")
    return found


def export(stack: str) -> dict[str, Any]:
    """The stack's state, secrets encrypted."""
    found = deployment(stack)
    if found is None:
        raise OperateError(f"there is no stack {stack}: `make up STACK={stack}` makes it")
    return found


def deployment(stack: str) -> dict[str, Any] | None:
    """The stack's state, secrets encrypted; None for a stack that hasn't been created."""
    text = ask("stack", "export", "--stack", stack)
    return None if text is None else dict(json.loads(text)["deployment"])


def exists(stack: str) -> bool:
    """Whether the stack has been created."""
    return ask("stack", "export", "--stack", stack) is not None


def _call(
    arguments: tuple[str, ...], *, quiet: bool, out: int | IO[str] | None, given: str | None = None
) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PULUMIW_QUIET": "1"} if quiet else None
    return subprocess.run(  # noqa: S603  our own wrapper
        [str(_WRAPPER), *arguments],
        cwd=REPOSITORY,
        env=env,
        input=given,
        text=True,
        check=False,
        stdout=out,
        stderr=subprocess.PIPE if out == subprocess.PIPE else None,
    )
