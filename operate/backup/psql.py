"""SQL with psql's own commands, run by psql beside the server as its admin.

The script goes in by the environment, so that it needs no input (which can't be ended over TLS) and no file. Names come
as variables and are quoted by psql: `:"name"` is an identifier, `:'name'` a text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import BinaryIO, Final

from operate import inside
from operate.errors import OperateError
from operate.postgres_tools import Tools

_RUN: Final = 'printf "%s" "$SCRIPT" | exec psql --no-psqlrc --username "$ADMIN" --dbname "$DATABASE" "$@"'
_STRICT: Final = "\\set QUIET on\n\\set ON_ERROR_STOP on\n\\pset tuples_only on\n\\pset format csv\n"
_SECONDS: Final = 60


def run(
    tools: Tools,
    database: str,
    script: str,
    *,
    out: BinaryIO | None = None,
    seconds: float = _SECONDS,
    variables: Mapping[str, str] | None = None,
    session: str = "data-tier",
) -> inside.Done:
    """Run a script as it is; `session` is what the server calls it. Raises OperateError on silence only."""
    command = ["sh", "-c", _RUN, "psql", *(f"--set={name}={value}" for name, value in (variables or {}).items())]
    environment = {"SCRIPT": script, "ADMIN": tools.admin, "DATABASE": database, "PGAPPNAME": session}
    return tools.capture(command, environment=environment, out=out, seconds=seconds)


def ask(
    tools: Tools, script: str, *, what: str, database: str = "postgres", seconds: float = _SECONDS, **variables: str
) -> list[str]:
    """The lines that a script answers; its first error ends it. Raises OperateError: can't `what`, and why."""
    done = run(tools, database, _STRICT + script, seconds=seconds, variables=variables)
    if done.code:
        lines = done.err.decode(errors="replace").splitlines()
        raise OperateError(f"can't {what}: {reason(lines) or f'exit code {done.code}'}")
    return done.out.decode().splitlines()


def reason(lines: Iterable[str]) -> str | None:
    """The first line that says why, without psql's place in the script; else the last one."""
    said = [line.strip() for line in lines if line.strip()]
    found = next((line for line in said if any(word in line for word in ("ERROR:", "FATAL:", "error:"))), None)
    found = found or next(reversed(said), None)
    return (found.partition("ERROR:")[2].strip() or found) if found else None
