"""The commands `operate switchover|promote|release`; what they do is in `switch`."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Final

import typer

from operate import printing
from operate.options import Json, Stack

_SERVER: Final = typer.Argument(metavar="[SERVER]", help="A server, or the app that has it; needed where several have.")
OneServer = Annotated[str | None, _SERVER]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (switchover, promote, release):
        app.command()(command)


def switchover(server: OneServer = None, stack: Stack = "dev", json: Json = False) -> None:
    """Make the standby the primary while both run; what was committed is there, and the former one follows."""
    from operate import daemon, switch
    from operate import stack as stacks

    done = switch.switchover(stacks.read(stack), server, daemon.connect(), partial(printing.progress, json=json))
    _tell(stack, done.as_json(), json=json)
    if not done.back and not json:
        printing.progress(f"{done.former} doesn't follow yet: `./operatew status` shows when it does", json=False)


def promote(
    server: OneServer = None,
    stack: Stack = "dev",
    json: Json = False,
    force: Annotated[bool, typer.Option("--force", help="Though the primary answers.")] = False,
) -> None:
    """Make the standby the primary because that is dead; says what is lost with it."""
    from operate import daemon, switch
    from operate import stack as stacks

    said = partial(printing.progress, json=json)
    _tell(stack, switch.promote(stacks.read(stack), server, daemon.connect(), said, force=force).as_json(), json=json)


def release(server: OneServer = None, stack: Stack = "dev", json: Json = False) -> None:
    """Let commits go on that wait for a standby which is away; they wait again once one streams."""
    from operate import daemon, switch
    from operate import stack as stacks

    name = switch.release(stacks.read(stack), server, daemon.connect())
    printing.progress(f"{name}: commits wait for no standby until one streams again", json=json)
    _tell(stack, {"primary": name}, json=json)


def _tell(stack: str, document: dict[str, object], *, json: bool) -> None:
    if json:
        printing.document({"stack": stack, **document})
