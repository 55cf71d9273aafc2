"""Extensions inside a database."""

from __future__ import annotations

from embedded.providers.postgresql._schema import database_exists, database_of
from embedded.providers.postgresql._schemas import EXTENSION
from embedded.providers.postgresql._server import Connection, Server, execute
from embedded.values import Properties

_READ = """
    SELECT extname, nspname, extversion
      FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE extname = {name}"""


class Extensions:
    """postgresql:index/extension:Extension. The id is `<database>.<extension>`."""

    schema = EXTENSION

    def create(self, server: Server, new: Properties) -> str:
        """An existing one is taken over."""
        database, name = database_of(server, new), str(new["name"])
        names, values, clauses = [name], {}, []
        if new.get("schema"):
            clauses.append("SCHEMA {}")
            names.append(str(new["schema"]))
        if new.get("version"):
            clauses.append("VERSION {version}")
            values["version"] = str(new["version"])
        if new.get("createCascade"):
            clauses.append("CASCADE")
        statement = f"CREATE EXTENSION IF NOT EXISTS {{}} {' '.join(clauses)}"
        what = f"creating extension '{name}' in '{database}'"
        with server.one_at_a_time(database):
            server.run(what, lambda connection: execute(connection, statement, *names, **values), database)
        return f"{database}.{name}"

    def read(self, server: Server, id: str, known: Properties) -> Properties | None:
        """By database and name."""
        database, _, name = id.partition(".")
        if not database_exists(server, database):
            return None
        what = f"reading extension '{id}'"
        row = server.run(what, lambda connection: execute(connection, _READ, name=name).fetchone(), database)
        if row is None:
            return None
        return {
            "createCascade": bool(known.get("createCascade")),
            "database": database,
            "dropCascade": bool(known.get("dropCascade")),
            "id": id,
            "name": row[0],
            "schema": row[1],
            "version": row[2],
        }

    def update(self, server: Server, old: Properties, new: Properties) -> str:
        """Schema and version."""
        database, name = database_of(server, old), str(new["name"])

        def work(connection: Connection) -> None:
            if new.get("schema") and new["schema"] != old.get("schema"):
                execute(connection, "ALTER EXTENSION {} SET SCHEMA {}", name, str(new["schema"]))
            if new.get("version") and new["version"] != old.get("version"):
                execute(connection, "ALTER EXTENSION {} UPDATE TO {version}", name, version=str(new["version"]))

        server.run(f"changing extension '{name}' in '{database}'", work, database)
        return f"{database}.{name}"

    def delete(self, server: Server, old: Properties) -> None:
        """What depends on it goes too only where `dropCascade` says so."""
        database, name = database_of(server, old), str(old["name"])
        cascade = "CASCADE" if old.get("dropCascade") else "RESTRICT"
        if database_exists(server, database):
            what = f"deleting extension '{name}' in '{database}'"
            server.run(what, lambda c: execute(c, f"DROP EXTENSION IF EXISTS {{}} {cascade}", name), database)
