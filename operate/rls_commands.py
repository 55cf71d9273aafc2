"""The command about row-level security: `rls check`. What it looks at is in `rls_check`."""

from __future__ import annotations

from typing import Annotated

import typer

from operate import printing
from operate.options import Json, Stack

_HELP = "Row-level security: what gets round it."


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help=_HELP)
    group.command()(check)
    group.callback()(_group)
    app.add_typer(group, name="rls")


def _group() -> None:
    """Row-level security: what gets round it."""


def check(
    app: Annotated[str | None, typer.Argument(metavar="[APP]", help="All that have it where left out.")] = None,
    stack: Stack = "dev",
    json: Json = False,
) -> None:
    """List what in a database gets round its policies; fails where something does."""
    from operate import daemon, rls_check
    from operate import stack as stacks

    apps, findings = rls_check.look(stacks.read(stack), app, daemon.connect())
    if json:
        found = [finding.as_json() for finding in findings]
        printing.document({"stack": stack, "ok": not found, "apps": apps, "findings": found})
    else:
        printing.console().print(rls_check.render(apps, findings))
    if findings:
        raise typer.Exit(1)
