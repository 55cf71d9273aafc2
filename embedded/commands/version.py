"""`version`: the release that this engine stands in for. Its own name goes to stderr, so that scripts can compare."""

from __future__ import annotations

import sys

import typer

from embedded.state.checkpoint import ENGINE_VERSION


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("version")(version)


def version() -> None:
    """Print the version."""
    print(ENGINE_VERSION)
    print("embedded engine, speaking the protocol of that release's SDK", file=sys.stderr)
