"""Looks whether a server offers the extensions that an app asks for, before anything is made for the app.

Run as `python -m operate.extensions check`, with everything in the environment, so that no password is in a command
line: PGHOST, PGPORT, PGUSER, PGPASSWORD and PGDATABASE of the admin, EXTENSIONS_APP, EXTENSIONS (a JSON list).
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final

import psycopg

_USAGE: Final = 2
_MISSING: Final = """
    SELECT name FROM unnest(%s::text[]) AS asked(name)
     WHERE NOT EXISTS (SELECT 1 FROM pg_available_extensions AS there WHERE there.name = asked.name) ORDER BY 1"""


def missing(server: psycopg.Connection[Any], extensions: Sequence[str]) -> str:
    """What a server hasn't got of `extensions`, as people say it, or "". Raises psycopg.Error."""
    found = [name for (name,) in server.execute(_MISSING.encode(), (list(extensions),)).fetchall()]
    return f"it doesn't offer the extension{'s' if found[1:] else ''} {', '.join(found)}" if found else ""


def main(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Look; the exit code. Errors name the app and the server, never a password."""
    if list(arguments) != ["check"]:
        print("usage: python -m operate.extensions check", file=sys.stderr)
        return _USAGE
    try:
        app, asked = environment["EXTENSIONS_APP"], json.loads(environment["EXTENSIONS"])
        where = f"data-tier:apps.{app}.postgres.extensions on {environment['PGHOST']}:{environment['PGPORT']}"
    except KeyError as error:
        print(f"{error.args[0]} is not set in the environment", file=sys.stderr)
        return _USAGE
    try:
        with psycopg.connect(autocommit=True, connect_timeout=10, application_name="data-tier extensions") as server:
            fault = missing(server, asked)
    except psycopg.Error as error:
        said = str(error).strip().splitlines()
        fault = said[-1] if said else type(error).__name__
    if fault:
        print(f"{where}: {fault}", file=sys.stderr)
    return 1 if fault else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
