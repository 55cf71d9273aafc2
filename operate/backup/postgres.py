"""A copy of a PostgreSQL database read again, and restored beside the original.

A database that is being restored has a name of this module's own and takes no connection of an app: its name is no
role's, by which pg_hba.conf lets in, nobody may connect but the admin, and only a superuser gets past its limit of 0.
It gets its real name when all of it is there.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO, Final

from operate.backup import postgres_facts, psql
from operate.backup.manifest import Facts
from operate.errors import OperateError
from operate.postgres_tools import Tools

SCRATCH: Final = "data_tier_scratch_"
_SILENCE_SECONDS: Final = 3600  # an index on a large table is built without a word

_LEFT: Final = "SELECT datname FROM pg_database WHERE starts_with(datname, :'prefix');"
_DROP: Final = 'DROP DATABASE IF EXISTS :"name" WITH (FORCE);'
# encoding and order as the app's database has them
_LIKE: Final = """
SELECT pg_encoding_to_char(like_.encoding) AS encoding, like_.datcollate AS collate,
       like_.datctype AS ctype, pg_get_userbyid(like_.datdba) AS owner,
       (SELECT CASE WHEN rolsuper THEN 0 ELSE -1 END FROM pg_roles WHERE rolname = current_user) AS most
  FROM pg_database AS like_ WHERE datname = :'like' \\gset
CREATE DATABASE :"name" OWNER :"owner" TEMPLATE template0 ENCODING :'encoding' LC_COLLATE :'collate' LC_CTYPE :'ctype'
    ALLOW_CONNECTIONS false CONNECTION LIMIT :most;
REVOKE ALL ON DATABASE :"name" FROM PUBLIC;
REVOKE CONNECT ON DATABASE :"name" FROM :"owner";
GRANT CONNECT, CREATE, TEMPORARY ON DATABASE :"name" TO CURRENT_USER;
ALTER DATABASE :"name" ALLOW_CONNECTIONS true;
"""
# Rights, limit and settings as those of the app's database, and the name last: all or nothing. Of a setting that is a
# list of names the catalogue has the names quoted already.
_SETTLE: Final = """
BEGIN;
REVOKE ALL ON DATABASE :"name" FROM CURRENT_USER;
SELECT format('REVOKE ALL ON DATABASE %I FROM %I', :'name', pg_get_userbyid(datdba)) FROM pg_database
 WHERE datname = :'like' \\gexec
SELECT format('GRANT %s ON DATABASE %I TO %s%s', privilege_type, :'name',
              CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END,
              CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
  FROM pg_database, aclexplode(coalesce(datacl, acldefault('d', datdba))) WHERE datname = :'like' \\gexec
SELECT format('ALTER DATABASE %I CONNECTION LIMIT %s', :'name', datconnlimit) FROM pg_database
 WHERE datname = :'like' \\gexec
SELECT format('ALTER %s SET %s TO %s',
              CASE s.setrole WHEN 0 THEN format('DATABASE %I', :'name')
                   ELSE format('ROLE %I IN DATABASE %I', pg_get_userbyid(s.setrole), :'name') END,
              split_part(entry, '=', 1),
              CASE WHEN split_part(entry, '=', 1) IN ('search_path', 'temp_tablespaces', 'session_preload_libraries',
                                                      'local_preload_libraries')
                   THEN substr(entry, strpos(entry, '=') + 1)
                   ELSE quote_literal(substr(entry, strpos(entry, '=') + 1)) END)
  FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase, unnest(s.setconfig) AS entry
 WHERE d.datname = :'like' \\gexec
ALTER DATABASE :"name" RENAME TO :"final";
COMMIT;
"""


def take(tools: Tools, name: str, file: BinaryIO) -> Facts:
    """Write a dump, and what it holds; what a killed restore has left is dropped first. Raises OperateError."""
    _clear(tools)
    return postgres_facts.dump(tools, name, file)


def read(tools: Tools, file: BinaryIO, name: str) -> int:
    """How many objects a dump has; all of it is read, because the list alone stands at its beginning.

    Raises OperateError.
    """
    file.seek(0)
    listed = tools.capture(["pg_restore", "--list"], given=file)
    if listed.code:
        raise OperateError(f"can't list the dump of {name}: {listed.reason}")
    file.seek(0)
    done = tools.capture(["pg_restore", "--file=/dev/null"], given=file, seconds=_SILENCE_SECONDS)
    if done.code:
        raise OperateError(f"can't read the dump of {name}: {done.reason}")
    return sum(1 for line in listed.out.splitlines() if line and not line.startswith(b";"))


def version(tools: Tools) -> str:
    """The server's version. Raises OperateError."""
    return psql.ask(tools, "SELECT split_part(current_setting('server_version'), ' ', 1);", what="ask for its version")[
        0
    ]


def prove(tools: Tools, file: BinaryIO, like: str) -> Facts:
    """Restore a dump of the database `like` into a scratch database, and what that holds; it is dropped again.

    Raises OperateError.
    """
    with scratch(tools, like) as name:
        load(tools, name, file)
        return postgres_facts.of(tools, name)


@contextmanager
def scratch(tools: Tools, like: str) -> Iterator[str]:
    """A database for one restore, empty, gone at the end whatever happens, unless it has got another name.

    What a run that was killed has left is dropped first: the caller sees to it that there is one at a time.
    """
    _clear(tools)
    name = f"{SCRATCH}{secrets.token_hex(4)}"
    try:
        psql.ask(tools, _LIKE, what="make a scratch database", name=name, like=like)
        yield name
    except BaseException:
        with suppress(OperateError):  # what went wrong before says more
            psql.ask(tools, _DROP, what=f"drop {name}", name=name)
        raise
    psql.ask(tools, _DROP, what=f"drop {name}", name=name)


def _clear(tools: Tools) -> None:
    for left in psql.ask(tools, _LEFT, what="look for scratch databases", prefix=SCRATCH):
        psql.ask(tools, _DROP, what=f"drop {left}", name=left)


def load(tools: Tools, name: str, file: BinaryIO) -> None:
    """Restore a dump into an empty database. Raises OperateError at the first error."""
    file.seek(0)
    command = tools.as_admin("pg_restore", name, "--exit-on-error")
    done = tools.capture(command, given=file, seconds=_SILENCE_SECONDS)
    if done.code:
        why = psql.reason(done.err.decode(errors="replace").splitlines())
        raise OperateError(f"can't restore into {name}: {why or f'exit code {done.code}'}")


def settle(tools: Tools, name: str, like: str, final: str) -> None:
    """Give a restored database its statistics, the rights, limit and settings of the database `like`, and last the name
    `final`. Raises OperateError.
    """
    psql.ask(tools, "ANALYZE;", what=f"analyze {name}", database=name, seconds=_SILENCE_SECONDS)
    psql.ask(tools, _SETTLE, what=f"name the restored database {final}", name=name, like=like, final=final)
