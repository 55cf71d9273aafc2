"""What a PostgreSQL database holds: rows and a checksum of each table, sequences, extensions, owners.

One psql script in one transaction, and for a copy pg_dump is run from inside of it in the very same snapshot, so that
what is written down is what is in the dump, whatever is committed meanwhile.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, BinaryIO, Final

from components import table_facts
from operate.backup import psql
from operate.backup.manifest import Facts, Table
from operate.errors import OperateError
from operate.postgres_tools import Tools

_SILENCE_SECONDS: Final = 3600  # the checksum of one large table says nothing until it is there
SESSION: Final = "data-tier backup"
_END: Final = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = :'session';"
_BEGIN: Final = rf"""
\set QUIET on
\set ON_ERROR_STOP on
\pset tuples_only on
\pset format unaligned
{table_facts.SETTINGS};
{table_facts.PATIENCE}
\g /dev/null
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
"""
_FACTS: Final = rf"""
\o |cat >&2
{table_facts.WHOLE};
{table_facts.TABLES} \gexec
{table_facts.LARGE_OBJECTS} \gexec
"""
# read before and after the dump: sequences keep to no snapshot
_SEQUENCES: Final = rf"""
\o |cat >&2
{table_facts.SEQUENCES} \gexec
\o
"""
_DUMP: Final = r"""
SELECT pg_export_snapshot() AS snapshot \gset
\setenv SNAPSHOT :snapshot
\! pg_dump -U "$ADMIN" -d "$DATABASE" -Fc --snapshot="$SNAPSHOT" </dev/null || echo '@data-tier {"failed": 1}' >&2
"""


def of(tools: Tools, database: str) -> Facts:
    """What a database holds now. Raises OperateError."""
    return _run(tools, database, f"{_BEGIN}{_FACTS}{_SEQUENCES}COMMIT;\n", None, f"look at {database}")


def dump(tools: Tools, database: str, file: BinaryIO) -> Facts:
    """Write a dump in pg_dump's own format, and what it holds. Raises OperateError."""
    return _run(
        tools,
        database,
        f"{_BEGIN}{_FACTS}{_SEQUENCES}{_DUMP}{_SEQUENCES}COMMIT;\n",
        file,
        f"dump {database}",
    )


def _run(tools: Tools, database: str, script: str, file: BinaryIO | None, what: str) -> Facts:
    session = f"{SESSION} {secrets.token_hex(4)}"
    try:
        done = psql.run(tools, database, script, out=file, seconds=_SILENCE_SECONDS, session=session)
    except BaseException:  # a disk that is full, Ctrl-C: pg_dump would wait for a reader, its snapshot held, for ever
        with suppress(OperateError):
            psql.ask(tools, _END, what="end it", session=session)
        raise
    lines = done.err.decode(errors="replace").splitlines()
    told = [json.loads(line.removeprefix(table_facts.MARK)) for line in lines if line.startswith(table_facts.MARK)]
    if done.code or any("failed" in one for one in told):
        why = psql.reason(line for line in lines if not line.startswith(table_facts.MARK))
        raise OperateError(f"can't {what}: {why or f'exit code {done.code}'}")
    return facts(told)


def facts(told: Iterable[dict[str, Any]]) -> Facts:
    """The facts that the script has told, one object each; a sequence is told twice where a dump was taken."""
    whole: dict[str, Any] = {}
    tables: dict[str, Table] = {}
    sequences: dict[str, tuple[int, int]] = {}
    for one in told:
        if name := one.get("sequence"):
            at = int(one["next"])
            low, high = sequences.get(name, (at, at))
            sequences[name] = (min(low, at), max(high, at))
        elif name := one.get("table"):
            if name != table_facts.LARGE or one["rows"]:
                tables[name] = Table(rows=one["rows"], checksum=one["checksum"], owner=one["owner"])
        else:
            whole = one
    return Facts(**whole, tables=tables, sequences=sequences)
