"""A PostgreSQL server of the tests' own, and a provider bench that checks before it creates."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import docker
import psycopg
import pytest
from docker.models.containers import Container

from embedded.providers.postgresql import PostgresqlProvider
from embedded.values import Properties, reveal
from operate import archive
from operate.archive import File

IMAGE = "data-tier/postgres:17"
SETTINGS = ("listen_addresses=*", "log_statement=all", "fsync=off", "hba_file=/test_hba.conf")
ROLE = "postgresql:index/role:Role"
DATABASE = "postgresql:index/database:Database"
SCHEMA = "postgresql:index/schema:Schema"
EXTENSION = "postgresql:index/extension:Extension"
GRANT = "postgresql:index/grant:Grant"
DEFAULT_PRIVILEGES = "postgresql:index/defaultPrivileges:DefaultPrivileges"


@dataclass
class PostgresServer:
    """A container with a server that logs every statement, on a network of its own."""

    container: Container
    network: str
    password: str

    @property
    def host(self) -> str:
        self.container.reload()
        return str(self.container.attrs["NetworkSettings"]["Networks"][self.network]["IPAddress"])

    @property
    def settings(self) -> Properties:
        return {
            "host": self.host,
            "port": "5432",
            "username": "postgres",
            "password": self.password,
            "sslmode": "disable",
            "connectTimeout": "10",
        }

    def connect(self, database: str = "postgres", user: str = "postgres", password: str = "") -> psycopg.Connection:
        return psycopg.connect(
            host=self.host,
            user=user,
            password=password or self.password,
            dbname=database,
            sslmode="disable",
            connect_timeout=5,
            autocommit=True,
        )

    def sql(self, statement: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        """The rows of a statement run by the administrator."""
        with self.connect(database) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def wait(self) -> None:
        """Until it answers over TCP: the first start listens on its socket alone."""
        end = time.monotonic() + 60
        while True:
            try:
                self.connect().close()
            except psycopg.OperationalError:
                if time.monotonic() > end:
                    raise TimeoutError(self.logs()) from None
                time.sleep(0.3)
            else:
                return

    def logs(self) -> str:
        return self.container.logs().decode()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    client = docker.from_env()
    name, password = f"dtt-pg-{secrets.token_hex(4)}", secrets.token_urlsafe(18)
    network = client.networks.create(name, internal=True)
    try:
        command = ["postgres", *(part for setting in SETTINGS for part in ("-c", setting))]
        environment = {"POSTGRES_PASSWORD": password, "POSTGRES_INITDB_ARGS": "--locale=C"}  # as in the recordings
        container = client.containers.create(IMAGE, command, name=name, network=name, environment=environment)
        try:
            rules = File(data=b"host all all all scram-sha-256\n")
            container.put_archive("/", archive.pack({"test_hba.conf": rules}))
            container.start()
            server = PostgresServer(container, name, password)
            server.wait()
            yield server
        finally:
            container.remove(v=True, force=True)
    finally:
        network.remove()
        client.close()


@dataclass
class Bench:
    """The provider on the server, with names that no other test has."""

    provider: PostgresqlProvider
    server: PostgresServer
    prefix: str

    def name(self, role: str) -> str:
        return f"{self.prefix}_{role}"

    def checked(self, type: str, old: Properties | None = None, **inputs: Any) -> Properties:
        result = self.provider.check(type, "it", old or {}, inputs)
        assert result.failures == [], result.failures
        return dict(reveal(result.inputs))

    def create(self, type: str, **inputs: Any) -> Made:
        new = self.checked(type, **inputs)
        id, outputs = self.provider.create(type, "it", new, preview=False, timeout=None)
        return Made(self, type, id, new, outputs)

    def role(self, role: str, **inputs: Any) -> Made:
        return self.create(ROLE, name=self.name(role), **inputs)

    def database(self, role: str = "db", **inputs: Any) -> Made:
        return self.create(DATABASE, name=self.name(role), **inputs)


@dataclass
class Made:
    """A resource as the engine holds it after an operation."""

    bench: Bench
    type: str
    id: str
    inputs: Properties
    outputs: Properties

    @property
    def name(self) -> str:
        return str(self.outputs["name"])

    def update(self, **inputs: Any) -> None:
        """To these inputs; asserts that the difference is one that is made in place."""
        new = self.bench.checked(self.type, self.inputs, **inputs)
        old = dict(reveal(self.outputs))
        diff = self.bench.provider.diff(self.type, self.id, self.inputs, old, new)
        assert diff.changes
        assert not diff.replaces
        arguments = (self.type, self.id, self.inputs, old, new)
        self.outputs = self.bench.provider.update(*arguments, preview=False, timeout=None)
        self.inputs, self.id = new, str(self.outputs["id"])

    def refresh(self) -> bool:
        """Reads it into here; whether it is still there."""
        found = self.bench.provider.read(self.type, self.id, self.inputs, dict(reveal(self.outputs)))
        if found is not None:
            self.id, self.outputs = found.id, found.outputs
        return found is not None

    def drift(self) -> list[str]:
        """The properties that the next run would change, after a read."""
        assert self.refresh()
        old = dict(reveal(self.outputs))
        return sorted(self.bench.provider.diff(self.type, self.id, self.inputs, old, self.inputs).diffs)

    def delete(self) -> None:
        self.bench.provider.delete(self.type, self.id, self.inputs, dict(reveal(self.outputs)), timeout=None)


@pytest.fixture
def bench(postgres_server: PostgresServer) -> Bench:
    provider = PostgresqlProvider()
    provider.configure(postgres_server.settings)
    return Bench(provider, postgres_server, f"t{secrets.token_hex(3)}")
