"""`cancel`: folds what a killed run has left in its journal and takes its locks away. It ends no process."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from embedded.commands import _shared
from embedded.commands._shared import StackOption
from embedded.errors import EngineError

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Go on without asking.")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("cancel")(cancel)


def cancel(
    name: Annotated[str, typer.Argument(help="The stack's name.")] = "", stack: StackOption = "", yes: Yes = False
) -> None:
    """Bring the state of a killed run in order, and unlock its stack."""
    if name and stack:
        raise EngineError("only one of --stack or argument stack name may be specified, not both")
    opened = _shared.open_stack(name or stack)
    if not yes and sys.stdin.isatty() and "PULUMI_NON_INTERACTIVE" not in os.environ:
        answer = input(f"This will irreversibly cancel the currently running update for '{opened.stack}'! [yes/no] ")
        if answer.strip().lower() not in ("yes", "y"):
            raise EngineError("confirmation declined")
    opened.backend.clear_locks(opened.stack)
    print(f"The currently running update for '{opened.stack}' has been canceled!")
