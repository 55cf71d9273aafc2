"""`state unprotect`: the one edit of the state that a person needs before deleting data on purpose."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from embedded.commands import _shared
from embedded.commands._shared import StackOption
from embedded.errors import EngineError

All = Annotated[bool, typer.Option("--all", help="Every resource of the stack.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Go on without asking.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    state = typer.Typer(help="Edit a stack's state.", no_args_is_help=True)
    state.callback()(lambda: None)  # keeps `unprotect` a subcommand while it is the only one
    state.command("unprotect")(unprotect)
    app.add_typer(state, name="state")


def unprotect(
    urn: Annotated[str, typer.Argument(help="The resource's URN.")] = "",
    every: All = False,
    yes: Yes = False,
    stack: StackOption = "",
) -> None:
    """Take away the protection of a resource, or of all, in the state."""
    if bool(urn) == every:
        raise EngineError("name one URN, or give --all")
    if not yes:
        raise EngineError("--yes must be passed in to change the state")
    opened = _shared.open_stack(stack)
    with opened.backend.lock(opened.stack):
        checkpoint = opened.backend.load(opened.stack, opened.state_secrets())
        wanted = [item for item in checkpoint.resources if every or item.urn == urn]
        if urn and not wanted:
            raise EngineError(f"no such resource {urn!r} exists in the current state")
        checkpoint.resources = [
            replace(item, protect=False) if item in wanted else item for item in checkpoint.resources
        ]
        opened.backend.save(opened.stack, checkpoint)
    print("All resources successfully unprotected" if every else "Resource unprotected")
