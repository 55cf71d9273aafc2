"""`state unprotect | delete`: edits of the state alone; what a resource stands for is not touched.

Source: pkg/cmd/pulumi/state of the CLI for checks and messages; beyond it, nothing is edited without --yes or an
answer.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Annotated, Final

import typer

from embedded.commands import _shared
from embedded.commands._shared import StackOption
from embedded.engine.urn import name_of
from embedded.errors import EngineError
from embedded.state import Resource, removal

_UNKNOWN: Final = (
    "No such resource {urn!r} exists in the current state; `pulumi stack export` shows the URNs of all that do"
)

All = Annotated[bool, typer.Option("--all", help="Every resource of the stack.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Go on without asking.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    state = typer.Typer(help="Edit a stack's state.", no_args_is_help=True)
    state.command("unprotect")(unprotect)
    state.command("delete")(delete)
    state.command("rm", hidden=True)(delete)
    state.command("remove", hidden=True)(delete)
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
    with _edited(stack, yes=yes) as resources:
        if urn and not any(item.urn == urn for item in resources):
            raise EngineError(_UNKNOWN.format(urn=urn))
        resources[:] = [replace(item, protect=False) if every or item.urn == urn else item for item in resources]
    print("All resources successfully unprotected" if every else "Resource unprotected")


def delete(
    urns: Annotated[list[str], typer.Argument(metavar="URN...", help="The resources' URNs.")],
    force: Annotated[bool, typer.Option("--force", help="Also what is protected.")] = False,
    dependents: Annotated[bool, typer.Option("--target-dependents", help="Also what depends on it.")] = False,
    yes: Yes = False,
    stack: StackOption = "",
) -> None:
    """Delete resources from the state; what they stand for stays, and nobody manages it any more."""
    with _edited(stack, yes=yes) as resources:
        chosen = [_one(resources, urn) for urn in dict.fromkeys(urns)]
        left = resources
        for one in chosen:
            others = removal.dependents(resources, one)
            _refuse_dependents(one, [] if dependents else _others(others, chosen))
            left = _others(left, [one, *others])
        for item in _others(resources, left):
            _refuse_protected(item, force=force)
        resources[:] = left
    print("Resource deleted" if len(chosen) == 1 else f"{len(chosen)} resources deleted")


@contextmanager
def _edited(stack: str, *, yes: bool) -> Iterator[list[Resource]]:
    """The resources of a stack, to be edited in place; written unless there is an exception."""
    opened = _shared.open_stack(stack)
    _shared.confirm("This command will edit your stack's state directly. Confirm? [yes/no] ", "yes", yes=yes)
    with opened.backend.lock(opened.stack):
        checkpoint = opened.backend.load(opened.stack, opened.state_secrets())
        yield checkpoint.resources
        opened.backend.save(opened.stack, checkpoint)


def _one(resources: list[Resource], urn: str) -> Resource:
    found = [item for item in resources if item.urn == urn]
    if not found:
        raise EngineError(_UNKNOWN.format(urn=urn))
    if len(found) > 1:
        listed = "\n".join(f"  {item.id}{' (waits for its deletion)' if item.delete else ''}" for item in found)
        raise EngineError(
            f"{urn} names {len(found)} resources, one of them replaced; `pulumi up` ends the replacement:\n{listed}"
        )
    return found[0]


def _refuse_dependents(one: Resource, others: list[Resource]) -> None:
    if others:
        listed = "\n".join(f" * {json.dumps(name_of(item.urn)):15} ({item.urn})" for item in others)
        raise EngineError(
            f"{one.urn} can't be safely deleted because the following resources depend on it:\n{listed}\n\n"
            "Delete those resources first or pass --target-dependents."
        )


def _refuse_protected(item: Resource, *, force: bool) -> None:
    if item.protect and not force:
        raise EngineError(
            f"{item.urn} can't be safely deleted because it is protected. "
            "Re-run this command with --force to force deletion"
        )
    if item.protect:
        print(f"warning: deleting protected resource {item.urn} due to presence of --force", file=sys.stderr)


def _others(resources: list[Resource], without: list[Resource]) -> list[Resource]:
    return [item for item in resources if not any(item is other for other in without)]
