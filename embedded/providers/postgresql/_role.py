"""Roles: attributes, memberships, and the settings that a session of theirs starts with."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from psycopg import sql

from embedded.providers.base import ProviderError
from embedded.providers.postgresql._schemas import ROLE
from embedded.providers.postgresql._server import Connection, Server, execute
from embedded.values import Properties

_FLAGS: Final = {
    "bypassRowLevelSecurity": "BYPASSRLS",
    "createDatabase": "CREATEDB",
    "createRole": "CREATEROLE",
    "inherit": "INHERIT",
    "login": "LOGIN",
    "replication": "REPLICATION",
    "superuser": "SUPERUSER",
}
_SETTINGS: Final = {
    "statementTimeout": "statement_timeout",
    "idleInTransactionSessionTimeout": "idle_in_transaction_session_timeout",
    "assumeRole": "role",
}
_VERIFIER: Final = re.compile(r"SCRAM-SHA-256\$\d+:\S+\$\S+:\S+|md5[0-9a-f]{32}")
_ATTRIBUTES: Final = """
    SELECT rolname, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication, rolbypassrls,
           rolconnlimit, coalesce(rolvaliduntil::text, 'infinity'), coalesce(rolconfig, '{{}}'),
           array(SELECT DISTINCT g.rolname FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid
                 WHERE m.member = r.oid ORDER BY 1)::text[]
      FROM pg_roles r WHERE rolname = {name}"""


class Roles:
    """postgresql:index/role:Role. The id is the name; it follows a rename."""

    schema = ROLE

    def create(self, server: Server, new: Properties) -> str:
        """All of it in one transaction. Raises ProviderError for a name that is taken."""
        name = str(new["name"])

        def work(connection: Connection) -> None:
            with connection.transaction():
                execute(connection, f"CREATE ROLE {{}} {_attributes(connection, name, new, new.get('password'))}", name)
                for group in new.get("roles") or ():
                    execute(connection, "GRANT {} TO {}", str(group), name)
                _apply_settings(connection, name, {}, new)

        server.run(f"creating role '{name}'", work)
        return name

    def read(self, server: Server, id: str, known: Properties) -> Properties | None:
        """By name. A password that is declared as a verifier can be compared; any other is taken as known, and so are
        all where the login is no superuser, who alone may read them."""

        def work(connection: Connection) -> tuple[tuple[Any, ...] | None, Any, Any]:
            row = execute(connection, _ATTRIBUTES, name=id).fetchone()
            password = _password(connection, id, known) if server.settings.superuser else known.get("password")
            return row, password, _valid_until(connection, id, known)

        row, password, valid_until = server.run(f"reading role '{id}'", work)
        if row is None:
            return None
        settings = dict(entry.split("=", 1) for entry in row[10])
        return {
            "assumeRole": settings.get("role", ""),
            "bypassRowLevelSecurity": row[7],
            "connectionLimit": row[8],
            "createDatabase": row[4],
            "createRole": row[3],
            "encrypted": None,
            "encryptedPassword": True,
            "id": row[0],
            "idleInTransactionSessionTimeout": _milliseconds(settings.get("idle_in_transaction_session_timeout", "0")),
            "inherit": row[2],
            "login": row[5],
            "name": row[0],
            "password": password,
            "passwordWo": None,
            "passwordWoVersion": None,
            "replication": row[6],
            "roles": list(row[11]),
            "searchPaths": _names(settings.get("search_path", "")),
            "skipDropRole": bool(known.get("skipDropRole")),
            "skipReassignOwned": bool(known.get("skipReassignOwned")),
            "statementTimeout": _milliseconds(settings.get("statement_timeout", "0")),
            "superuser": row[1],
            "validUntil": valid_until or row[9],
        }

    def update(self, server: Server, old: Properties, new: Properties) -> str:
        """Name, attributes, memberships and settings; the password only where it or the name has changed."""
        before, name = str(old["name"]), str(new["name"])
        kept = before == name and new.get("password") == old.get("password")
        password = None if kept else new.get("password") or ""

        def work(connection: Connection) -> None:
            with connection.transaction():
                if before != name:
                    execute(connection, "ALTER ROLE {} RENAME TO {}", before, name)
                execute(connection, f"ALTER ROLE {{}} {_attributes(connection, name, new, password, old)}", name)
                _apply_groups(connection, name, new)
                _apply_settings(connection, name, old, new)

        server.run(f"changing role '{name}'", work)
        return name

    def delete(self, server: Server, old: Properties) -> None:
        """What it owns in the management database goes to the admin first, unless `skipReassignOwned`."""
        name = str(old["name"])

        def work(connection: Connection) -> None:
            if not _exists(connection, name):
                return
            with connection.transaction():
                if not old.get("skipReassignOwned"):
                    execute(connection, "REASSIGN OWNED BY {} TO CURRENT_USER", name)
                    execute(connection, "DROP OWNED BY {}", name)
                if not old.get("skipDropRole"):
                    execute(connection, "DROP ROLE {}", name)

        server.run(f"deleting role '{name}'", work)


def _password(connection: Connection, name: str, known: Properties) -> Any:
    """The verifier that the server keeps where one is declared, so that a password changed by hand shows."""
    declared = known.get("password")
    if not isinstance(declared, str) or not _VERIFIER.fullmatch(declared):
        return declared
    query = "SELECT coalesce(rolpassword, '') FROM pg_authid WHERE rolname = {name} AND rolcanlogin"
    row = execute(connection, query, name=name).fetchone()
    return row[0] if row else declared


def _valid_until(connection: Connection, name: str, known: Properties) -> Any:
    """The end of validity in the program's own spelling where that means the same moment, else None."""
    declared = known.get("validUntil")
    if declared in (None, "", "infinity"):
        return None
    query = "SELECT 1 FROM pg_roles WHERE rolname = {name} AND rolvaliduntil = {declared}::timestamptz"
    return declared if execute(connection, query, name=name, declared=str(declared)).fetchone() else None


def _exists(connection: Connection, name: str) -> bool:
    return execute(connection, "SELECT 1 FROM pg_roles WHERE rolname = {name}", name=name).fetchone() is not None


def _attributes(
    connection: Connection,
    name: str,
    new: Mapping[str, Any],
    password: str | None,
    old: Mapping[str, Any] | None = None,
) -> str:
    """The attribute list of CREATE and ALTER ROLE; a password goes in as the verifier that the server keeps.

    `None` leaves the password as it is, "" takes it away. Of flags only those that `old` has otherwise: to name one
    that it doesn't have itself, even to say no, is forbidden to a login that is no superuser.
    """
    parts = [
        word if new.get(key) else f"NO{word}"
        for key, word in _FLAGS.items()
        if old is None or bool(new.get(key)) != bool(old.get(key))
    ]
    parts.append(f"CONNECTION LIMIT {int(new.get('connectionLimit', -1))}")
    parts.append(f"VALID UNTIL {_literal(connection, str(new.get('validUntil') or 'infinity'))}")
    if password == "":
        parts.append("PASSWORD NULL")
    elif password is not None:
        parts.append(f"PASSWORD {_literal(connection, _verifier(connection, name, password))}")
    return " ".join(parts).replace("{", "{{").replace("}", "}}")


def _literal(connection: Connection, text: str) -> str:
    return sql.Literal(text).as_string(connection)


def _verifier(connection: Connection, name: str, password: str) -> str:
    """So that no statement, and no log of statements, has a password in plain."""
    if _VERIFIER.fullmatch(password):
        return password
    row = connection.execute("SHOW password_encryption").fetchone()
    if row is None or row[0] != "scram-sha-256":
        raise ProviderError(f"role '{name}': the server's password_encryption is not scram-sha-256; set it so")
    return connection.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256").decode()


def _apply_groups(connection: Connection, name: str, new: Mapping[str, Any]) -> None:
    row = execute(connection, _ATTRIBUTES, name=name).fetchone()
    have, want = set(row[11] if row else ()), {str(group) for group in new.get("roles") or ()}
    for group in sorted(have - want):
        execute(connection, "REVOKE {} FROM {}", group, name)
    for group in sorted(want - have):
        execute(connection, "GRANT {} TO {}", group, name)


def _apply_settings(connection: Connection, name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    for key, setting in _SETTINGS.items():
        if new.get(key):
            execute(connection, f"ALTER ROLE {{}} SET {setting} TO {{value}}", name, value=str(new[key]))
        elif old.get(key):
            execute(connection, f"ALTER ROLE {{}} RESET {setting}", name)
    paths = [str(path) for path in new.get("searchPaths") or ()]
    if paths:
        execute(connection, f"ALTER ROLE {{}} SET search_path TO {', '.join(['{}'] * len(paths))}", name, *paths)
    elif old.get("searchPaths"):
        execute(connection, "ALTER ROLE {} RESET search_path", name)


def _names(text: str) -> list[str]:
    """The identifiers of a list in which some are quoted, as PostgreSQL writes a search path."""
    quoted = re.compile(r'"((?:[^"]|"")*)"|([^",\s]+)')
    return [plain or inside.replace('""', '"') for inside, plain in quoted.findall(text) if plain or inside]


def _milliseconds(text: str) -> int:
    """A duration as PostgreSQL keeps it in rolconfig: as it was written."""
    units = {"ms": 1, "s": 1000, "min": 60_000, "h": 3_600_000, "d": 86_400_000}
    number = text.rstrip("abcdefghijklmnopqrstuvwxyz ")
    return int(float(number or 0) * units.get(text[len(number) :].strip() or "ms", 1))
