"""Options and arguments that several commands have."""

from __future__ import annotations

from typing import Annotated

import typer

Stack = Annotated[str, typer.Option("--stack", "-s", help="The stack, as in Pulumi.<stack>.yaml.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of tables.")]
App = Annotated[str, typer.Argument(metavar="APP", help="The app, as in the stack file.")]
Admin = Annotated[bool, typer.Option("--admin", help="As the server's admin instead of the app's own login.")]
Reader = Annotated[str | None, typer.Option("--reader", metavar="NAME", help="As a reader of the app's database.")]
Passed = Annotated[list[str] | None, typer.Argument(metavar="[-- ARGUMENTS]", help="Handed on to the program.")]
