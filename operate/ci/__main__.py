"""`make ci-preview`: print what a pull request would do, as the comment that every CI shows."""

from __future__ import annotations

import sys
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from operate.ci import base, comment, run
from operate.errors import OperateError
from operate.options import Stack
from operate.pulumi import REPOSITORY


class State(Enum):
    """What the plan starts from."""

    STACK = "stack"
    NONE = "none"


def preview(
    stack: Stack = "dev",
    project: Annotated[Path, typer.Option("--project", help="The checkout to preview; this one.")] = REPOSITORY,
    ref: Annotated[str, typer.Option("--base", help="The commit or branch that judges; this checkout.")] = "",
    state: Annotated[State, typer.Option("--state", help="none plans as if nothing had been built.")] = State.STACK,
    file: Annotated[Path | None, typer.Option("--comment", help="Write the comment to this file too.")] = None,
) -> int:
    """Print the comment; the exit code is the preview's."""
    project = project.resolve()
    if not (project / "Pulumi.yaml").is_file():
        raise OperateError(f"{project} is no project: it has no Pulumi.yaml")
    if not (project / ".venv").exists():
        base.packages(REPOSITORY, project)
    if ref:
        written = ["--comment", str(file.absolute())] if file else []
        return base.run(ref, project, "--stack", stack, "--state", state.value, *written)
    found = run.preview(stack, project, with_state=state is State.STACK)
    text = comment.write(found)
    print(text, end="", flush=True)
    if file:
        file.write_text(text)
    return found.code


def main() -> int:
    """Run the command; the exit code for the shell."""
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(preview)
    try:
        code = app(standalone_mode=False, prog_name="ci-preview")
    except OperateError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except Exception as error:
        if hasattr(error, "format_message"):  # click's own: bad options
            print(f"error: {error.format_message()}", file=sys.stderr)
            return 1
        raise
    return code if isinstance(code, int) else 0


if __name__ == "__main__":
    sys.exit(main())
