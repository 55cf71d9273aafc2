"""The command `adopt`: its options, where the file goes, exit codes. What it does is in modules of their names."""

from __future__ import annotations

import os
import re
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from operate import printing, pulumi
from operate.errors import OperateError
from operate.options import Json

if TYPE_CHECKING:
    from operate.adopt.unit import Project

_STANDARD_OUTPUT: Final = "-"
_STACK: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")


class Shape(StrEnum):
    """The topologies of a stack."""

    UNIFIED = "unified"
    ISOLATED = "isolated"


What = Annotated[
    list[str] | None, typer.Argument(metavar="FILE...|NAME...|all", help="Compose files, or containers with --running.")
]
Running = Annotated[bool, typer.Option("--running", help="Containers on the Docker host instead of compose files.")]
Topology = Annotated[Shape, typer.Option("--topology", help="Shared servers, or servers of its own for each app.")]
Out = Annotated[
    str | None, typer.Option("--out", metavar="FILE", help="Where the stack file goes; - is standard output.")
]
Stack = Annotated[
    str | None, typer.Option("--stack", "-s", help="The new stack's name; that of the project without it.")
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(adopt)


def adopt(
    what: What = None,
    running: Running = False,
    topology: Topology = Shape.UNIFIED,
    out: Out = None,
    stack: Stack = None,
    json: Json = False,
) -> None:
    """Write a stack file from compose files or running containers, and say what couldn't be taken over and why.

    Nothing is started, stopped or copied. Exit code 1 also where a person has to fill something in.
    """
    from operate.adopt import plan, report, stack_text

    project = _read(what or [], running=running)
    made = plan.make(project, topology.value)
    target = _target(out, stack, str(made.config["data-tier:prefix"]))
    title = f"Adopted from {project.source}: docs/adopt.md says what comes next."
    text = stack_text.text(made, title)
    if target is None:
        if not json:
            sys.stdout.write(text)
    else:
        _write(target, text)
    told = report.Report(plan=made, source=project.source, file=str(target or _STANDARD_OUTPUT))
    if json:
        printing.document({**told.as_json(), "text": text})
    else:
        printing.console(error=target is None).print(report.render(told))
    if not told.ok:
        raise typer.Exit(1)


def _read(what: list[str], *, running: bool) -> Project:
    from operate import daemon
    from operate.adopt import compose_file
    from operate.adopt import running as containers

    if running:
        return containers.read(what, daemon.connect())
    if not what:
        raise OperateError("adopt needs compose files, or --running with names of containers (or `all`)")
    return compose_file.read([Path(one) for one in what], os.environ)


def _target(out: str | None, stack: str | None, prefix: str) -> Path | None:
    """Where the file goes, None for standard output. Raises OperateError for a file that is there."""
    if out == _STANDARD_OUTPUT:
        return None
    name = stack or prefix
    if not _STACK.fullmatch(name):
        raise OperateError(f"--stack {name}: a stack's name has letters, digits, dots, hyphens and underscores")
    path = Path(out) if out else pulumi.REPOSITORY / f"Pulumi.{name}.yaml"
    if path.exists():
        raise OperateError(f"{path} is there already, and adopt overwrites nothing: name another by --out or --stack")
    return path


def _write(path: Path, text: str) -> None:
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise OperateError(f"{path} can't be written ({error.strerror})") from None
