"""Grants: the privileges of one role on one kind of object, made exactly what is declared."""

from __future__ import annotations

from typing import Final

from embedded.providers.postgresql import _privileges as privileges
from embedded.providers.postgresql._schema import database_exists
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
        """What the role may do now: on several objects, what it may do on each of them."""
        if not known or not database_exists(server, str(known["database"])):
            return None
        kind, role, schema = str(known["objectType"]), str(known["role"]), str(known.get("schema") or "")
        grantable = bool(known.get("withGrantOption"))

        def work(connection: Connection) -> dict[str, set[str]] | None:
            if not privileges.role_exists(connection, role):
                return None
            return privileges.of_object(connection, kind, schema, role, grantable)

        found = server.run(f"reading the grant '{id}'", work, str(known["database"]))
        if found is None:
            return None
        objects = [str(name) for name in known.get("objects") or ()]
        sets = [allowed for name, allowed in found.items() if not objects or name in objects]
        common = set.intersection(*sets) if sets else set(known.get("privileges") or ())
        return {
            "columns": [],
            "database": known["database"],
            "id": id,
            "objectType": kind,
            "objects": sorted(objects),
            "privileges": sorted(common),
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
            if privileges.role_exists(connection, role):
                _revoke(connection, old)

        if database_exists(server, database):
            with server.one_at_a_time(database):
                server.run(f"revoking from '{role}' in '{database}'", work, database)


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
    return "_".join([*parts, str(new["objectType"]), *sorted(str(name) for name in new.get("objects") or ())])
