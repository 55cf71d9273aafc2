"""Grants: the privileges of one role on one kind of object, made exactly what is declared."""

from __future__ import annotations

import zlib
from contextlib import suppress
from typing import Final

from psycopg import errors

from embedded.providers.base import ProviderError
from embedded.providers.postgresql import _privileges as privileges
from embedded.providers.postgresql._schema import database_exists, schema_exists
from embedded.providers.postgresql._schemas import GRANT
from embedded.providers.postgresql._server import Connection, Server, execute
from embedded.values import Properties

_WORDS: Final = {"table": "TABLE", "sequence": "SEQUENCE", "function": "FUNCTION"}


class Grants:
    """postgresql:index/grant:Grant. The id joins role, database, schema, type and objects."""

    schema = GRANT

    def create(self, server: Server, new: Properties) -> str:
        """Whatever the role had there before is replaced, in one transaction."""
        database = str(new["database"])

        def work(connection: Connection) -> None:
            with connection.transaction():
                _revoke(connection, new)
                if new["privileges"]:
                    _grant(connection, new)

        with server.one_at_a_time(database):
            server.run(f"granting to '{new['role']}' in '{database}'", work, database)
        return _id(new)

    def read(self, server: Server, id: str, known: Properties) -> Properties | None:
        """What the role may do now: on several objects, what it may do on the first that is not as declared."""
        if not known:
            raise ProviderError("postgresql Grant can't be imported: its id does not say what it is; declare it anew")
        if not database_exists(server, str(known["database"])):
            return None
        kind, role, schema = str(known["objectType"]), str(known["role"]), str(known.get("schema") or "")
        objects, wanted = sorted(str(name) for name in known.get("objects") or ()), set(known.get("privileges") or ())
        grantable = bool(known.get("withGrantOption"))

        def work(connection: Connection) -> set[str] | None:
            if not privileges.role_exists(connection, role) or not schema_exists(connection, schema):
                return None
            found = privileges.of_objects(connection, kind, schema, role, grantable)
            there = [allowed for name, allowed in found if not objects or name in objects]
            sets = [privileges.as_wanted(connection, kind, wanted, allowed) for allowed in there]
            return next((allowed for allowed in sets if allowed != wanted), wanted)

        found = server.run(f"reading the grant '{id}'", work, str(known["database"]))
        if found is None:
            return None
        return {
            "columns": None,
            "database": known["database"],
            "id": id,
            "objectType": kind,
            "objects": objects or known.get("objects"),
            "privileges": sorted(found) if found or wanted else known.get("privileges"),
            "role": role,
            "schema": known.get("schema"),
            "withGrantOption": grantable,
        }

    def update(self, server: Server, old: Properties, new: Properties) -> str:  # noqa: ARG002
        """As a creation: all privileges are declared anew."""
        return self.create(server, new)

    def delete(self, server: Server, old: Properties) -> None:
        """Nothing is left of it; what PUBLIC has by default does not come back."""
        database, role = str(old["database"]), str(old["role"])

        def work(connection: Connection) -> None:
            if privileges.role_exists(connection, role) and schema_exists(connection, str(old.get("schema") or "")):
                for one in _each(old):
                    with suppress(errors.UndefinedTable, errors.UndefinedFunction):  # gone: nothing to take back
                        _revoke(connection, one)

        if database_exists(server, database):
            with server.one_at_a_time(database):
                server.run(f"revoking from '{role}' in '{database}'", work, database)


def _each(old: Properties) -> list[Properties]:
    """A grant on several objects as one for each: any of them may be gone."""
    return [{**old, "objects": [name]} for name in old.get("objects") or ()] or [old]


def _revoke(connection: Connection, new: Properties) -> None:
    target, names = _target(new)
    who, whom = privileges.grantee(str(new["role"]))
    execute(connection, f"REVOKE ALL PRIVILEGES ON {target} FROM {who}", *names, *whom)


def _grant(connection: Connection, new: Properties) -> None:
    target, names = _target(new)
    who, whom = privileges.grantee(str(new["role"]))
    option = " WITH GRANT OPTION" if new.get("withGrantOption") else ""
    listed = privileges.listed(new["privileges"])
    execute(connection, f"GRANT {listed} ON {target} TO {who}{option}", *names, *whom)


def _target(new: Properties) -> tuple[str, list[str]]:
    """The objects of a grant, as text and identifiers."""
    kind, schema = str(new["objectType"]), str(new.get("schema") or "")
    if kind == "database":
        return "DATABASE {}", [str(new["database"])]
    if kind == "schema":
        return "SCHEMA {}", [schema]
    objects = sorted(str(name) for name in new.get("objects") or ())
    if not objects:
        return f"ALL {_WORDS[kind]}S IN SCHEMA {{}}", [schema]
    names = [part for name in objects for part in (schema, name)]
    return f"{_WORDS[kind]} {', '.join(['{}.{}'] * len(objects))}", names


def _id(new: Properties) -> str:
    parts = [str(new["role"]), str(new["database"])]
    if new["objectType"] != "database":
        parts.append(str(new.get("schema") or ""))
    objects = sorted((str(name) for name in new.get("objects") or ()), key=_hash)
    return "_".join([*parts, str(new["objectType"]), *objects])


def _hash(name: str) -> str:
    """The order of a set in Terraform's SDK: by checksum, compared as text (helper/schema, HashString)."""
    return str(zlib.crc32(name.encode()))
