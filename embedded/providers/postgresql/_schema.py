"""Schemas inside a database."""

from __future__ import annotations

from embedded.providers.postgresql._schemas import SCHEMA
from embedded.providers.postgresql._server import Connection, Server, execute
from embedded.values import Properties

_READ = "SELECT nspname, pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = {name}"


class Schemas:
    """postgresql:index/schema:Schema. The id is `<database>.<schema>`."""

    schema = SCHEMA

    def create(self, server: Server, new: Properties) -> str:
        """With its owner; an existing one is taken over where `ifNotExists` says so."""
        database, name = database_of(server, new), str(new["name"])
        exists = "IF NOT EXISTS " if new.get("ifNotExists", True) else ""

        def work(connection: Connection) -> None:
            execute(connection, f"CREATE SCHEMA {exists}{{}}", name)
            if new.get("owner"):
                execute(connection, "ALTER SCHEMA {} OWNER TO {}", name, str(new["owner"]))

        server.run(f"creating schema '{name}' in '{database}'", work, database)
        return f"{database}.{name}"

    def read(self, server: Server, id: str, known: Properties) -> Properties | None:
        """By database and name."""
        database, _, name = id.partition(".")
        if not database_exists(server, database):
            return None
        what = f"reading schema '{id}'"
        row = server.run(what, lambda connection: execute(connection, _READ, name=name).fetchone(), database)
        if row is None:
            return None
        return {
            "database": database,
            "dropCascade": bool(known.get("dropCascade")),
            "id": id,
            "ifNotExists": bool(known.get("ifNotExists", True)),
            "name": row[0],
            "owner": row[1],
            "policies": [],
        }

    def update(self, server: Server, old: Properties, new: Properties) -> str:
        """Name and owner."""
        database, before, name = database_of(server, old), str(old["name"]), str(new["name"])

        def work(connection: Connection) -> None:
            if before != name:
                execute(connection, "ALTER SCHEMA {} RENAME TO {}", before, name)
            if new.get("owner"):
                execute(connection, "ALTER SCHEMA {} OWNER TO {}", name, str(new["owner"]))

        server.run(f"changing schema '{name}' in '{database}'", work, database)
        return f"{database}.{name}"

    def delete(self, server: Server, old: Properties) -> None:
        """What is in it goes too only where `dropCascade` says so."""
        database, name = database_of(server, old), str(old["name"])
        cascade = "CASCADE" if old.get("dropCascade") else "RESTRICT"
        if database_exists(server, database):
            what = f"deleting schema '{name}' in '{database}'"
            server.run(what, lambda c: execute(c, f"DROP SCHEMA IF EXISTS {{}} {cascade}", name), database)


def database_of(server: Server, properties: Properties) -> str:
    """The database that properties name, else the provider's own."""
    return str(properties.get("database") or server.settings.database)


def database_exists(server: Server, database: str) -> bool:
    """Whether there is a database to look into."""
    query = "SELECT 1 FROM pg_database WHERE datname = {name}"
    row = server.run(f"looking for database '{database}'", lambda c: execute(c, query, name=database).fetchone())
    return row is not None


def schema_exists(connection: Connection, schema: str) -> bool:
    """Whether a schema is in the database; "" stands for none and always is."""
    query = "SELECT 1 FROM pg_namespace WHERE nspname = {schema}"
    return not schema or execute(connection, query, schema=schema).fetchone() is not None
