"""The commands that show what a stack file declares: compare, diagram.

Owns their arguments and where a picture goes; what is declared, and how it is drawn, is in modules of their own.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from operate import printing
from operate.errors import OperateError
from operate.options import Json, Stack

if TYPE_CHECKING:
    from collections.abc import Mapping

    from components.config import Place
    from operate.compare import Measured
    from operate.declared import Inventory

_PICTURE: Final = ".svg"
File = Annotated[Path | None, typer.Option("--file", help="Another stack file, wherever it is.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (compare, diagram):
        app.command()(command)


def compare(
    stack: Stack = "dev",
    file: File = None,
    json: Json = False,
    chart: Annotated[Path | None, typer.Option("--chart", metavar="FILE.svg", help="Draw it into a file too.")] = None,
) -> None:
    """Put both shapes of a stack file side by side: what each declares, and what of it is up uses now."""
    from operate import compare as its
    from operate import declared

    if chart:
        _require_picture(chart)
    stack_file = declared.read(stack, file)
    shapes = {shape: declared.declare(stack, stack_file.settings(shape)) for shape in declared.SHAPES}
    measured, note = _measured(shapes)
    found = its.Comparison(
        stack=stack_file.stack, topology=stack_file.topology, shapes=shapes, measured=measured, note=note
    )
    if chart:
        _write(chart, its.draw(found))
    if json:
        printing.document(found.as_json())
    else:
        printing.console().print(its.render(found))


def diagram(
    stack: Stack = "dev",
    file: File = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE.svg", help="A file; standard output where left out.")
    ] = None,
    shape: Annotated[
        str | None, typer.Option("--shape", help="isolated or unified; as the stack file is where left out.")
    ] = None,
    both: Annotated[bool, typer.Option("--both", help="Both shapes side by side.")] = False,
) -> None:
    """Draw networks, services, stores and who may talk to whom, as SVG."""
    from operate import declared
    from operate.diagram import draw

    if out:
        _require_picture(out)
    if both and shape:
        raise OperateError("--both draws both shapes, --shape one: give one of them")
    known = {str(one): one for one in declared.SHAPES}
    if shape and shape not in known:
        raise OperateError(f"--shape {shape} is neither of {', '.join(known)}")
    stack_file = declared.read(stack, file)
    shapes: list[Place | None] = [*declared.SHAPES] if both else [known[shape] if shape else None]
    text = draw([declared.declare(stack, stack_file.settings(one)) for one in shapes])
    if out:
        _write(out, text)
    else:
        sys.stdout.write(text)


def _measured(shapes: Mapping[Place, Inventory]) -> tuple[dict[Place, Measured], str]:
    """What is up uses now; nothing, and why, where no daemon answers: the rest holds without one."""
    from operate import compare, daemon

    try:
        client = daemon.connect()
    except OperateError as error:
        return {}, f"Nothing is measured: {error}"
    return compare.measure(shapes, client), ""


def _require_picture(path: Path) -> None:
    """Raises OperateError for another kind of picture, before any work is done."""
    if path.suffix != _PICTURE:
        raise OperateError(f"{path}: pictures are written as SVG; name the file {path.with_suffix(_PICTURE).name}")


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise OperateError(f"{path} can't be written: {error.strerror}") from None
    printing.progress(f"{path} written", json=True)
