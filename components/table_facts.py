"""What a PostgreSQL database holds, in SQL: rows and a checksum of each table, sequences, extensions, owners.

Pure, for psql on the host and for the program in the backup container alike. `TABLES`, `LARGE_OBJECTS` and
`SEQUENCES` answer with statements, to be run in turn; those, and `WHOLE`, answer with lines of JSON behind `MARK`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

MARK: Final = "@data-tier "
LARGE: Final = "(large objects)"
# Rows as text, the same in every session: whatever a login, a database or a server sets for these.
SETTINGS: Final = """\
SET search_path = pg_catalog; SET timezone = 'UTC'; SET datestyle = 'ISO, YMD'; SET intervalstyle = 'postgres';
SET extra_float_digits = 3; SET bytea_output = 'hex'; SET lc_monetary = 'C'; SET row_security = off"""
PATIENCE: Final = """\
SELECT set_config(name, '0', false) FROM pg_settings
 WHERE name IN ('statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout', 'transaction_timeout')"""
WHOLE: Final = """\
SELECT '@data-tier ' || json_build_object('server_version', split_part(current_setting('server_version'), ' ', 1),
       'owner', (SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()),
       'extensions', (SELECT coalesce(json_object_agg(extname, extversion), '{}') FROM pg_extension))"""
TABLES: Final = r"""
SELECT format($$SELECT '@data-tier ' || json_build_object('table', %L, 'owner', %L, 'rows', count(*), 'checksum',
              coalesce(sum(hashtextextended((data_tier_row.*)::text COLLATE "C", 0)), 0)::text)
              FROM ONLY %I.%I AS data_tier_row$$,
              format('%s.%s', n.nspname, c.relname), pg_get_userbyid(c.relowner), n.nspname, c.relname)
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema'
   AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
                                             AND d.deptype = 'e')
 ORDER BY 1"""
# what a crash empties isn't in the log, and so in no physical backup
LOGGED_TABLES: Final = TABLES.replace("c.relpersistence <> 't'", "c.relpersistence = 'p'")
LARGE_OBJECTS: Final = """\
SELECT CASE WHEN has_table_privilege('pg_largeobject', 'SELECT') THEN
       $$SELECT '@data-tier ' || json_build_object('table', '(large objects)', 'owner', '', 'rows',
                (SELECT count(*) FROM pg_largeobject_metadata), 'checksum',
                coalesce(sum(hashtextextended(format('%s %s %s', loid, pageno, data), 0)), 0)::text)
           FROM pg_largeobject$$
       ELSE 'SELECT WHERE false' END"""
SEQUENCES: Final = """\
SELECT format($$SELECT '@data-tier ' || json_build_object('sequence', %L, 'next',
              last_value + CASE WHEN is_called THEN %s ELSE 0 END) FROM %I.%I$$,
              format('%s.%s', n.nspname, c.relname), s.seqincrement, n.nspname, c.relname)
  FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relpersistence <> 't'
   AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
                                             AND d.deptype = 'e')
 ORDER BY 1"""


def differences(wanted: Mapping[str, Any], found: Mapping[str, Any], saved: str) -> list[str]:
    """What of tables is other than it was, name by name, each with `rows`, `checksum` and `owner` where that is known.

    `saved` is what a person calls that which has what was wanted.
    """
    told = []
    for name in sorted({*wanted, *found}):
        one, other = wanted.get(name), found.get(name)
        if one is None or other is None:
            told.append(f"{name} is {'missing' if other is None else f'not in the {saved}'}")
        elif one["rows"] != other["rows"]:
            told.append(f"{name} has {other['rows']} rows instead of {one['rows']}")
        elif one["checksum"] != other["checksum"]:
            told.append(f"{name} has other rows")
        elif one.get("owner") != other.get("owner"):
            told.append(f"{name} belongs to {other['owner']} instead of {one['owner']}")
    return told
