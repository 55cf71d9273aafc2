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

from operate.backup import psql
from operate.backup.manifest import Facts, Table
from operate.errors import OperateError
from operate.postgres_tools import Tools

_SILENCE_SECONDS: Final = 3600  # the checksum of one large table says nothing until it is there
_MARK: Final = "@data-tier "
SESSION: Final = "data-tier backup"
_END: Final = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = :'session';"
_LARGE_OBJECTS: Final = "(large objects)"
# Rows as text, the same in every session: whatever a login, a database or a server sets for these.
_BEGIN: Final = r"""
\set QUIET on
\set ON_ERROR_STOP on
\pset tuples_only on
\pset format unaligned
SET search_path = pg_catalog; SET timezone = 'UTC'; SET datestyle = 'ISO, YMD'; SET intervalstyle = 'postgres';
SET extra_float_digits = 3; SET bytea_output = 'hex'; SET lc_monetary = 'C'; SET row_security = off;
SELECT set_config(name, '0', false) FROM pg_settings
 WHERE name IN ('statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout', 'transaction_timeout')
\g /dev/null
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
"""
_FACTS: Final = r"""
\o |cat >&2
SELECT '@data-tier ' || json_build_object('server_version', split_part(current_setting('server_version'), ' ', 1),
       'owner', (SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()),
       'extensions', (SELECT coalesce(json_object_agg(extname, extversion), '{}') FROM pg_extension));
SELECT format($$SELECT '@data-tier ' || json_build_object('table', %L, 'owner', %L, 'rows', count(*), 'checksum',
              coalesce(sum(hashtextextended((data_tier_row.*)::text COLLATE "C", 0)), 0)::text)
              FROM ONLY %I.%I AS data_tier_row$$,
              format('%s.%s', n.nspname, c.relname), pg_get_userbyid(c.relowner), n.nspname, c.relname)
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema'
   AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
                                             AND d.deptype = 'e')
 ORDER BY 1 \gexec
SELECT CASE WHEN has_table_privilege('pg_largeobject', 'SELECT') THEN
       $$SELECT '@data-tier ' || json_build_object('table', '(large objects)', 'owner', '', 'rows',
                (SELECT count(*) FROM pg_largeobject_metadata), 'checksum',
                coalesce(sum(hashtextextended(format('%s %s %s', loid, pageno, data), 0)), 0)::text)
           FROM pg_largeobject$$
       ELSE 'SELECT WHERE false' END \gexec
"""
# read before and after the dump: sequences keep to no snapshot
_SEQUENCES: Final = r"""
\o |cat >&2
SELECT format($$SELECT '@data-tier ' || json_build_object('sequence', %L, 'next',
              last_value + CASE WHEN is_called THEN %s ELSE 0 END) FROM %I.%I$$,
              format('%s.%s', n.nspname, c.relname), s.seqincrement, n.nspname, c.relname)
  FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relpersistence <> 't'
   AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
                                             AND d.deptype = 'e')
 ORDER BY 1 \gexec
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
    told = [json.loads(line.removeprefix(_MARK)) for line in lines if line.startswith(_MARK)]
    if done.code or any("failed" in one for one in told):
        why = psql.reason(line for line in lines if not line.startswith(_MARK))
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
            if name != _LARGE_OBJECTS or one["rows"]:
                tables[name] = Table(rows=one["rows"], checksum=one["checksum"], owner=one["owner"])
        else:
            whole = one
    return Facts(**whole, tables=tables, sequences=sequences)
