"""`./operatew`: what people do to a stack beside `pulumi up`. `make up`, `preview` and `down` end here."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from images.errors import ImageError
from operate import (
    data_commands,
    day_commands,
    pooler_commands,
    report_command,
    rls_commands,
    shape_commands,
    switch_commands,
)
from operate.adopt import command as adopt_command
from operate.audit import command as audit_command
from operate.backup import command as backup_command
from operate.errors import OperateError
from operate.options import Stack
from operate.recovery import command as recovery_command

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)


@app.command()
def up(stack: Stack = "dev") -> None:
    """Build images where they are missing, bring the stack up and say what came up."""
    from operate import lifecycle

    lifecycle.up(stack)


@app.command()
def preview(stack: Stack = "dev") -> None:
    """Show what `up` would change."""
    from operate import lifecycle

    lifecycle.preview(stack)


@app.command()
def down(
    stack: Stack = "dev",
    purge: Annotated[bool, typer.Option("--purge", help="Delete all data and passwords of the stack too.")] = False,
) -> None:
    """Take containers and networks away; data and passwords stay unless --purge is given."""
    from operate import lifecycle

    lifecycle.down(stack, purge=purge)


day_commands.register(app)
data_commands.register(app)
pooler_commands.register(app)
switch_commands.register(app)
shape_commands.register(app)
audit_command.register(app)
backup_command.register(app)
rls_commands.register(app)
adopt_command.register(app)
report_command.register(app)
recovery_command.register(app)


def main() -> int:
    """Run one command; the exit code for the shell."""
    try:
        app(prog_name="operatew")
    except (OperateError, ImageError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
