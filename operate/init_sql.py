"""Runs the SQL files that a stack declares for an app's database, each once and in a transaction of its own.

Run as `python -m operate.init_sql`, with everything in the environment, so that no password is in a command line:
PGHOST, PGPORT, PGUSER, PGPASSWORD and PGDATABASE of the login that migrates, INIT_FILES (JSON, [path, SHA-256] in
order) and INIT_APP_ROLE, which must not see the record. The files run as that login, so as the owner of the database
and not as a superuser. What has run is recorded by name and checksum in schema data_tier_init of the same database, so
that it goes with the data wherever that is copied. A file that has run can't be edited: it has made what is there now.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg import pq, sql

from operate import sql_text, step
from operate.errors import OperateError
from operate.step import Environment

_EXISTS: Final = "SELECT to_regclass('data_tier_init.applied') IS NOT NULL"
_RECORD: Final = """
CREATE SCHEMA data_tier_init;
CREATE TABLE data_tier_init.applied (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    file text NOT NULL UNIQUE,
    sha256 text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT pg_catalog.now()
);
REVOKE ALL ON SCHEMA data_tier_init FROM PUBLIC, {role};
REVOKE ALL ON data_tier_init.applied FROM PUBLIC, {role};
"""
_LOCK: Final = "LOCK TABLE data_tier_init.applied IN EXCLUSIVE MODE"
_APPLIED: Final = "SELECT file, sha256 FROM data_tier_init.applied"
_ADD: Final = "INSERT INTO data_tier_init.applied (file, sha256) VALUES (%s, %s)"


@dataclass(frozen=True)
class File:
    """A declared file as it was when the stack was declared; known in the database by its name without folders."""

    path: str
    digest: str

    @property
    def name(self) -> str:
        """What it is recorded as."""
        return Path(self.path).name

    def read(self) -> str:
        """Its text. Raises OperateError where it isn't the file that was declared."""
        try:
            content = Path(self.path).read_bytes()
        except OSError as error:
            raise OperateError(f"{self.path}: can't be read ({error.strerror})") from None
        if sha256(content).hexdigest() != self.digest:
            raise OperateError(f"{self.path}: it changed while this ran; run up again")
        return content.decode("utf-8")


Server = psycopg.Connection[Any]


def apply(connect: Callable[[], Server], files: Sequence[File], role: str) -> list[str]:
    """Run those of `files` that haven't run; their names. Raises OperateError, with the database as before the file
    that it names.

    Each has a connection of its own: what one sets for its session isn't there for the next, and to set a session back
    by DISCARD ALL would take the owner's role from it.
    """
    with connect() as server:
        applied = _record(server, role)
    for file in files:
        if applied.get(file.name, file.digest) != file.digest:
            raise OperateError(
                f"{file.path}: it has run in this database and was edited since, which changes nothing there. "
                "Put it back as it was, and write the change as a further file"
            )
    ran = []
    for file in files:
        if file.name not in applied:
            with connect() as server:
                _run(server, file)
            ran.append(file.name)
    return ran


def _record(server: Server, role: str) -> dict[str, str]:
    """The record of what has run, name to checksum; made where there is none."""
    if not _one(server, _EXISTS):
        with server.transaction():
            server.execute(sql.SQL(_RECORD).format(role=sql.Identifier(role)))
    return dict(server.execute(_APPLIED).fetchall())


def _one(server: Server, query: str) -> Any:
    row = server.execute(query.encode()).fetchone()
    return row[0] if row else None


def _run(server: Server, file: File) -> None:
    text = file.read()
    for statement in sql_text.statements(text):
        if statement.controls_transaction:
            raise OperateError(
                f"{file.path}, line {statement.line}: {statement.short}: the file runs in one transaction as a whole. "
                "Remove the line"
            )
    with server.transaction():
        server.execute(_LOCK)
        _send(server, file, text)
        server.execute(_ADD, (file.name, file.digest))


def _send(server: Server, file: File, text: str) -> None:
    """The text as it is, so that the server splits it; result by result, so that the statement that failed is known."""
    server.pgconn.send_query(text.encode())
    done, failed = 0, None
    while result := server.pgconn.get_result():
        if result.status in {pq.ExecStatus.COPY_IN, pq.ExecStatus.COPY_BOTH}:
            server.pgconn.put_copy_end(b"COPY FROM STDIN has no input here: write INSERT")
        elif result.status == pq.ExecStatus.COPY_OUT:
            while server.pgconn.get_copy_data(0)[0] > 0:
                pass
        elif result.status == pq.ExecStatus.FATAL_ERROR:
            failed = failed or result
        else:
            done += 1
    if failed is not None:
        raise OperateError(_failure(file, text, done, failed))


def _failure(file: File, text: str, done: int, failed: pq.abc.PGresult) -> str:
    said = _field(failed, pq.DiagnosticField.MESSAGE_PRIMARY) or "the connection was lost"
    hint = _field(failed, pq.DiagnosticField.MESSAGE_HINT)
    position = _field(failed, pq.DiagnosticField.STATEMENT_POSITION)
    found = sql_text.statements(text)
    if position:
        line = sql_text.line_at(text, int(position))
        statement = sql_text.statement_at(text, line)
    else:
        statement = found[done] if done < len(found) else None
        line = statement.line if statement else 1
    shown = f"{statement.short}: " if statement else ""
    return f"{file.path}, line {line}: {shown}{said}{f' ({hint})' if hint else ''}. Nothing of this file was done"


def _field(result: pq.abc.PGresult, field: pq.DiagnosticField) -> str:
    return (result.error_field(field) or b"").decode("utf-8", "replace")


def _connect() -> Server:
    return psycopg.connect(autocommit=True, connect_timeout=10, application_name="data-tier init")


def carry_out(environment: Environment) -> None:
    """Apply what `environment` names; errors name file, line and statement. Raises OperateError."""
    files = [File(*entry) for entry in json.loads(environment["INIT_FILES"])]
    role, database = environment["INIT_APP_ROLE"], environment["PGDATABASE"]
    try:
        ran = apply(_connect, files, role)
    except psycopg.Error as error:
        raise OperateError(step.reason(error) if str(error) else f"{database}: {type(error).__name__}") from None
    print("\n".join(f"{database}: {name} has run" for name in ran))


if __name__ == "__main__":
    sys.exit(step.run(carry_out, os.environ))
