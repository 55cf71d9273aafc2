"""The command line of the embedded engine: the CLI's commands and flags, for what it does.

Owns the global flags and turning an EngineError into one message and an exit code; each command is its own module.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import typer

from embedded.commands import cancel, config, deploy, destroy, import_resource, refresh, stack, state, version
from embedded.errors import EngineError

INTERRUPTED = 130  # what the command line library answers for Ctrl-C outside a run
NOT_CARRIED = (
    "The embedded engine has no cloud backends, component packages in other languages, state of other tools, "
    "Automation API, saved plans, hooks or transforms: use the Pulumi CLI for them."
)


def application() -> typer.Typer:
    """The command tree."""
    app = typer.Typer(
        name="pulumi",
        add_completion=False,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        help=f"Pulumi's commands on the embedded engine of this project.\n\n{NOT_CARRIED}",
    )
    for module in (deploy, refresh, destroy, import_resource, stack, config, state, cancel, version):
        module.register(app)
    return app


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code for the shell."""
    try:
        rest = _global_flags(list(sys.argv[1:] if arguments is None else arguments))
        code = application()(rest, standalone_mode=False, prog_name="pulumi")
    except EngineError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except typer.Exit as end:
        return end.exit_code
    except Exception as error:
        if hasattr(error, "format_message"):  # click's own: bad flags and arguments
            print(f"error: {error.format_message()}", file=sys.stderr)
            return 1
        raise
    if code == INTERRUPTED:
        print("error: cancelled", file=sys.stderr)
    return code if isinstance(code, int) else 0


def _global_flags(arguments: list[str]) -> list[str]:
    """Apply the flags that may stand anywhere (-C, --color, --non-interactive) and take them out."""
    rest: list[str] = []
    waiting = iter(arguments)
    for argument in waiting:
        name, has_value, value = argument.partition("=")
        if name in ("-C", "--cwd"):
            _enter(value if has_value else next(waiting, ""))
        elif name == "--color":
            os.environ["NO_COLOR" if (value if has_value else next(waiting, "")) == "never" else "PULUMI_COLOR"] = "1"
        elif argument == "--non-interactive":
            os.environ["PULUMI_NON_INTERACTIVE"] = "1"
        else:
            rest.append(argument)
    return rest


def _enter(directory: str) -> None:
    try:
        os.chdir(directory)
    except OSError as error:
        raise EngineError(f"can't work in '{directory}': {error.strerror}; name an existing folder after -C") from None
