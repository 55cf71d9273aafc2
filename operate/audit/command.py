"""The command `audit`: its options and exit codes. What it looks at is in modules by source."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from operate import printing
from operate.options import Json, Stack

_CLEAN, _FOUND, _UNREADABLE = 0, 1, 2

State = Annotated[str | None, typer.Option("--state", metavar="FILE", help="An exported state; - is standard input.")]
Docker = Annotated[bool, typer.Option("--docker", help="What runs on the Docker host, whoever started it.")]
Only = Annotated[str, typer.Option("--only", metavar="PREFIX", help="With --docker: only the stack of this prefix.")]
Compose = Annotated[
    list[Path] | None, typer.Option("--compose", metavar="FILE", help="A compose file; several as with docker compose.")
]
Plan = Annotated[list[Path] | None, typer.Option("--plan", metavar="FILE", help="A `preview --json`, for secrets.")]
Logs = Annotated[
    list[str] | None, typer.Option("--logs", metavar="FILE", help="A log, for secrets; - is standard input.")
]
Config = Annotated[
    Path | None,
    typer.Option("--policy-pack-config", metavar="FILE", help="Levels and settings, as the pack takes them."),
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(audit)


def audit(
    state: State = None,
    docker: Docker = False,
    only: Only = "",
    compose: Compose = None,
    plan: Plan = None,
    logs: Logs = None,
    policy_pack_config: Config = None,
    stack: Stack = "dev",
    json: Json = False,
) -> None:
    """Hold the policy pack's rules against a state (the stack's own without options), a Docker host or a compose file.

    States, plans and logs are searched for secrets. Exit code 1 for a mandatory finding, 2 for unreadable input.
    """
    from operate.audit.errors import InputError
    from operate.audit.report import render
    from operate.audit.run import Wanted, examine

    wanted = Wanted(
        stack=stack,
        state=state,
        docker=docker,
        only=only,
        compose=tuple(compose or ()),
        plans=tuple(plan or ()),
        logs=tuple(logs or ()),
        config=policy_pack_config,
    )
    try:
        report = examine(wanted)
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        raise typer.Exit(_UNREADABLE) from None
    if json:
        printing.document(report.as_json())
    else:
        printing.console().print(render(report))
    raise typer.Exit(_CLEAN if report.ok else _FOUND)
