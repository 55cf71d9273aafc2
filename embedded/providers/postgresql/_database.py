"""Databases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from embedded.providers.postgresql._schemas import DATABASE
from embedded.providers.postgresql._server import Connection, Server, execute
from embedded.values import Properties

_READ = """
    SELECT datname, pg_get_userbyid(datdba), pg_encoding_to_char(encoding), datcollate, datctype, datallowconn,
           datconnlimit, datistemplate, spcname
      FROM pg_database d JOIN pg_tablespace t ON t.oid = d.dattablespace WHERE datname = {name}"""


class Databases:
    """postgresql:index/database:Database. The id is the name; it follows a rename."""

    schema = DATABASE

    def create(self, server: Server, new: Properties) -> str:
        """From template0 in UTF8, with its collation, where nothing else is said.

        Raises ProviderError for a name that is taken.
        """
        name = str(new["name"])
        names, values, clauses = [name], {"encoding": new.get("encoding") or "UTF8"}, ["ENCODING {encoding}"]
        for key, word in (("lcCollate", "LC_COLLATE"), ("lcCtype", "LC_CTYPE")):
            if new.get(key):
                clauses.append(f"{word} {{{key}}}")
                values[key] = new[key]
        for key, word in (("template", "TEMPLATE"), ("owner", "OWNER"), ("tablespaceName", "TABLESPACE")):
            value = new.get(key) or ("template0" if key == "template" else None)
            if value:
                clauses.append(f"{word} {{}}")
                names.append(str(value))
        clauses += [f"CONNECTION LIMIT {int(new.get('connectionLimit', -1))}"]
        clauses += [f"ALLOW_CONNECTIONS {_word(new.get('allowConnections', True))}"]
        clauses += [f"IS_TEMPLATE {_word(new.get('isTemplate'))}"]
        statement = f"CREATE DATABASE {{}} {' '.join(clauses)}"
        server.forget(str(new.get("template") or "template0"))  # a template must be free of sessions
        server.run(f"creating database '{name}'", lambda connection: execute(connection, statement, *names, **values))
        return name

    def read(self, server: Server, id: str, known: Properties) -> Properties | None:
        """By name. Template and alterObjectOwnership can't be read; they are taken as known."""
        row = server.run(f"reading database '{id}'", lambda connection: execute(connection, _READ, name=id).fetchone())
        if row is None:
            return None
        return {
            "allowConnections": row[5],
            "alterObjectOwnership": bool(known.get("alterObjectOwnership")),
            "connectionLimit": row[6],
            "encoding": row[2],
            "id": row[0],
            "isTemplate": row[7],
            "lcCollate": row[3],
            "lcCtype": row[4],
            "name": row[0],
            "owner": row[1],
            "tablespaceName": row[8],
            "template": known.get("template") or "template0",
        }

    def update(self, server: Server, old: Properties, new: Properties) -> str:
        """Name, owner, tablespace and limits."""
        before, name = str(old["name"]), str(new["name"])

        def work(connection: Connection) -> None:
            if before != name:
                execute(connection, "ALTER DATABASE {} RENAME TO {}", before, name)
            for key, statement in (("owner", "OWNER TO {}"), ("tablespaceName", "SET TABLESPACE {}")):
                if new.get(key) and new[key] != old.get(key):
                    execute(connection, f"ALTER DATABASE {{}} {statement}", name, str(new[key]))
            execute(connection, f"ALTER DATABASE {{}} WITH {_options(old, new)}", name)

        if new.get("alterObjectOwnership") and new.get("owner") not in (None, old.get("owner")):
            owners = str(old["owner"]), str(new["owner"])
            statement = "REASSIGN OWNED BY {} TO {}"
            what = f"changing the owner of what is in database '{before}'"
            server.run(what, lambda connection: execute(connection, statement, *owners), before)
        server.forget(before)
        server.run(f"changing database '{name}'", work)
        return name

    def delete(self, server: Server, old: Properties) -> None:
        """With the sessions that are in it."""
        name = str(old["name"])

        def work(connection: Connection) -> None:
            if execute(connection, "SELECT 1 FROM pg_database WHERE datname = {name}", name=name).fetchone():
                execute(connection, "ALTER DATABASE {} WITH IS_TEMPLATE false", name)
                execute(connection, "DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

        server.forget(name)
        server.run(f"deleting database '{name}'", work)


def _options(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    template = new.get("isTemplate", old.get("isTemplate"))
    return (
        f"CONNECTION LIMIT {int(new.get('connectionLimit', -1))} "
        f"ALLOW_CONNECTIONS {_word(new.get('allowConnections', True))} IS_TEMPLATE {_word(template)}"
    )


def _word(value: Any) -> str:
    return "true" if value else "false"
