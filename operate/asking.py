"""Asks a person before something is done that can't be undone by itself."""

from __future__ import annotations

import sys

import typer

from operate.errors import OperateError


def for_name(app: str, what: str, refusal: str) -> None:
    """Say `what` will happen and have the app's name typed. Raises OperateError where it isn't, or nobody can be asked:
    the `refusal` says why that is needed.
    """
    if not sys.stdin.isatty():
        raise OperateError(f"{refusal} and nobody can be asked here: add --yes")
    print(what, file=sys.stderr)
    typed = typer.prompt(f"Type {app} to go on", default="", show_default=False, err=True)
    if typed != app:
        raise OperateError("not the app's name: nothing was changed")
