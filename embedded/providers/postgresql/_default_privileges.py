"""Default privileges: what a role will be allowed on objects that an owner makes later."""

from __future__ import annotations

from typing import Final

from embedded.providers.base import ProviderError
from embedded.providers.postgresql import _privileges as privileges
from embedded.providers.postgresql._schema import database_exists, schema_exists
from embedded.providers.postgresql._schemas import DEFAULT_PRIVILEGES
from embedded.providers.postgresql._server import Connection, Server, execute
from embedded.values import Properties

_KINDS: Final = {"table": "r", "sequence": "S", "function": "f", "type": "T", "schema": "n"}  # pg_default_acl's letters


class DefaultPrivileges:
    """postgresql:index/defaultPrivileges:DefaultPrivileges. The id joins role, database, schema, owner and type."""

    schema = DEFAULT_PRIVILEGES

    def create(self, server: Server, new: Properties) -> str:
        """Whatever was there for the role is replaced, in one transaction."""
        database = str(new["database"])

        def work(connection: Connection) -> None:
            with connection.transaction():
                _alter(connection, new, "REVOKE ALL PRIVILEGES", "FROM")
                if new["privileges"]:
                    option = " WITH GRANT OPTION" if new.get("withGrantOption") else ""
                    _alter(connection, new, f"GRANT {privileges.listed(new['privileges'])}", "TO", option)

        with server.one_at_a_time(database):
            server.run(f"setting default privileges for '{new['role']}' in '{database}'", work, database)
        return _id(new)

    def read(self, server: Server, id: str, known: Properties) -> Properties | None:
        """What the role will be allowed; None when that is nothing, or role, owner, schema or database is gone."""
        if not known:
            reason = "its id does not say what it is; declare it anew"
            raise ProviderError(f"postgresql DefaultPrivileges can't be imported: {reason}")
        if not database_exists(server, str(known["database"])):
            return None
        role, owner, schema = str(known["role"]), str(known["owner"]), str(known.get("schema") or "")
        grantable, kind = bool(known.get("withGrantOption")), str(known["objectType"])
        wanted = set(known.get("privileges") or ())

        def work(connection: Connection) -> set[str] | None:
            if not _possible(connection, known):
                return None
            found = privileges.of_defaults(connection, owner, schema, _KINDS[kind], role, grantable)
            return privileges.as_wanted(connection, kind, wanted, found)

        found = server.run(f"reading default privileges '{id}'", work, str(known["database"]))
        if found is None or (wanted and not found):
            return None
        return {
            "database": known["database"],
            "id": id,
            "objectType": kind,
            "owner": owner,
            "privileges": sorted(found) if found or wanted else known.get("privileges"),
            "role": role,
            "schema": known.get("schema"),
            "withGrantOption": grantable,
        }

    def update(self, server: Server, old: Properties, new: Properties) -> str:  # noqa: ARG002
        """As a creation: all privileges are declared anew."""
        return self.create(server, new)

    def delete(self, server: Server, old: Properties) -> None:
        """Nothing is left of it."""
        database = str(old["database"])

        def work(connection: Connection) -> None:
            if _possible(connection, old):
                _alter(connection, old, "REVOKE ALL PRIVILEGES", "FROM")

        if database_exists(server, database):
            with server.one_at_a_time(database):
                server.run(f"revoking default privileges of '{old['role']}' in '{database}'", work, database)


def _possible(connection: Connection, properties: Properties) -> bool:
    """Whether role, owner and schema are there."""
    roles = all(privileges.role_exists(connection, str(properties[key])) for key in ("role", "owner"))
    return roles and schema_exists(connection, str(properties.get("schema") or ""))


def _alter(connection: Connection, new: Properties, action: str, direction: str, option: str = "") -> None:
    names, where = [str(new["owner"])], ""
    if new.get("schema"):
        where = " IN SCHEMA {}"
        names.append(str(new["schema"]))
    who, whom = privileges.grantee(str(new["role"]))
    kind = f"{str(new['objectType']).upper()}S"
    statement = f"ALTER DEFAULT PRIVILEGES FOR ROLE {{}}{where} {action} ON {kind} {direction} {who}{option}"
    execute(connection, statement, *names, *whom)


def _id(new: Properties) -> str:
    schema = str(new.get("schema") or "noschema")
    return "_".join([str(new["role"]), str(new["database"]), schema, str(new["owner"]), str(new["objectType"])])
