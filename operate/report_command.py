"""The command `report`; what is on the page belongs to the package of that name."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from operate.options import Stack


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(report)


def report(
    stack: Stack = "dev",
    output: Annotated[Path | None, typer.Option("--output", "-o", help="The file; <stack>.html without it.")] = None,
    hours: Annotated[int, typer.Option("--hours", min=1, max=24 * 90, help="How far back the charts go.")] = 6,
) -> None:
    """Write the stack's state, its alerts and its figures as one HTML page that needs nothing else."""
    from operate import daemon, printing
    from operate import report as its
    from operate import stack as stacks
    from operate.errors import OperateError

    file = output or Path(f"{stack}.html")
    text = its.make(stacks.read(stack), daemon.connect(), hours)
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise OperateError(f"{file} can't be written ({error.strerror})") from None
    printing.progress(f"{file} written", json=False)
