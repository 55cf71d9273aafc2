"""One step of an update, run as `python -m operate.<module> [NAME]` by a command of the stack.

Everything that a step needs comes in the environment, so that no password is in a command line. Owns how a step is
chosen, and how it says why it can't: one line, and an exit code that stops the update.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

from operate.errors import OperateError

Environment = Mapping[str, str]
Step = Callable[[Environment], None]

_FAILED: Final = 1
_USAGE: Final = 2


def main(module: str, steps: Mapping[str, Step], arguments: Sequence[str], environment: Environment) -> int:
    """Run the step of `module` that the arguments name; the exit code."""
    if len(arguments) != 1 or arguments[0] not in steps:
        print(f"usage: python -m operate.{module} {'|'.join(steps)}", file=sys.stderr)
        return _USAGE
    return run(steps[arguments[0]], environment)


def run(step: Step, environment: Environment) -> int:
    """Run a step; the exit code. What it lacks in the environment, or can't do, is told on one line."""
    try:
        step(environment)
    except KeyError as error:
        print(f"{error.args[0]} is not set in the environment", file=sys.stderr)
        return _USAGE
    except OperateError as error:
        print(error, file=sys.stderr)
        return _FAILED
    return 0


@contextmanager
def telling(what: str, *kinds: type[Exception]) -> Iterator[None]:
    """Turn errors of these kinds into an OperateError that says `what` couldn't be done, where, and why."""
    try:
        yield
    except kinds as error:
        raise OperateError(f"{what}: {reason(error)}") from None


def reason(error: Exception) -> str:
    """The first line of an error, or its kind where it has no text. Servers repeat names in it, never a password."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


def server(environment: Environment) -> str:
    """The PostgreSQL server that libpq's variables name, for errors. Raises KeyError."""
    return f"{environment['PGHOST']}:{environment['PGPORT']}"
