"""Looks whether a server offers the extensions that an app asks for, before anything is made for the app.

Run as `python -m operate.extensions check`, with everything in the environment, so that no password is in a command
line: PGHOST, PGPORT, PGUSER, PGPASSWORD and PGDATABASE of the admin, EXTENSIONS_APP, EXTENSIONS (a JSON list).
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from typing import Any, Final

import psycopg

from operate import step
from operate.errors import OperateError
from operate.step import Environment

_MISSING: Final = """
    SELECT name FROM unnest(%s::text[]) AS asked(name)
     WHERE NOT EXISTS (SELECT 1 FROM pg_available_extensions AS there WHERE there.name = asked.name) ORDER BY 1"""


def missing(server: psycopg.Connection[Any], extensions: Sequence[str]) -> str:
    """What a server hasn't got of `extensions`, as people say it, or "". Raises psycopg.Error."""
    found = [name for (name,) in server.execute(_MISSING.encode(), (list(extensions),)).fetchall()]
    return f"it doesn't offer the extension{'s' if found[1:] else ''} {', '.join(found)}" if found else ""


def _check(environment: Environment) -> None:
    app, asked = environment["EXTENSIONS_APP"], json.loads(environment["EXTENSIONS"])
    where = f"data-tier:apps.{app}.postgres.extensions on {step.server(environment)}"
    try:
        with psycopg.connect(autocommit=True, connect_timeout=10, application_name="data-tier extensions") as server:
            fault = missing(server, asked)
    except psycopg.Error as error:
        fault = str(error).strip().splitlines()[-1] if str(error).strip() else type(error).__name__
    if fault:
        raise OperateError(f"{where}: {fault}")


STEPS: Final = {"check": _check}


if __name__ == "__main__":
    sys.exit(step.main("extensions", STEPS, sys.argv[1:], os.environ))
