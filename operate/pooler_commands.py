"""The commands `operate pooler status|pause|resume`; what they do is in `pools`."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Final

import typer

from operate import printing
from operate.options import Json, Stack

_APP: Final = typer.Argument(metavar="[APP]", help="Its database only; everything where left out.")
OneApp = Annotated[str | None, _APP]
Seconds = Annotated[int, typer.Option("--seconds", min=1, max=600, help="How long running transactions may take.")]

commands = typer.Typer(no_args_is_help=True, help="PgBouncer: what its pools do, and a pause for operations.")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(commands, name="pooler")


@commands.command()
def status(stack: Stack = "dev", json: Json = False) -> None:
    """Print each pool: its clients, who waits, its server connections; fails where something is paused."""
    from operate import daemon, pools
    from operate import stack as stacks

    found = pools.look(stacks.read(stack), daemon.connect())
    paused = [pool.name for pool in found if pool.paused]
    if json:
        printing.document({"stack": stack, "pools": [pool.as_json() for pool in found], "paused": paused})
    else:
        printing.console().print(pools.render(found))
    if paused:
        raise typer.Exit(1)


@commands.command()
def pause(app: OneApp = None, stack: Stack = "dev", seconds: Seconds = 30, json: Json = False) -> None:
    """Let running transactions end and all others wait, until `resume`; nobody is disconnected."""
    from operate import daemon, pools
    from operate import stack as stacks

    said = partial(printing.progress, json=json)
    done = pools.pause(stacks.read(stack), app, daemon.connect(), seconds)
    said(f"paused: {', '.join(done)}; `./operatew pooler resume` lets them go on: clients wait two minutes at most")
    if json:
        printing.document({"stack": stack, "paused": done})


@commands.command()
def resume(app: OneApp = None, stack: Stack = "dev", json: Json = False) -> None:
    """Let what waits go on."""
    from operate import daemon, pools
    from operate import stack as stacks

    done = pools.resume(stacks.read(stack), app, daemon.connect())
    if json:
        printing.document({"stack": stack, "resumed": done})
    else:
        printing.progress(f"resumed: {', '.join(done) or 'nothing was paused'}", json=False)
