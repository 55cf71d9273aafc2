"""Connections of the postgresql provider, without a server."""

from __future__ import annotations

import socket
import time

import pytest
from psycopg import errors

from embedded.providers.base import ProviderError
from embedded.providers.postgresql import PostgresqlProvider
from embedded.providers.postgresql import _server as servers
from embedded.providers.postgresql._server import Server
from embedded.providers.postgresql._settings import Settings

ROLE = "postgresql:index/role:Role"
PASSWORD = "hunter2-hunter2"


class FakeConnection:
    """Stands in for a connection where only its life matters."""

    def __init__(self, database: str) -> None:
        self.database = database
        self.closed = False

    def execute(self, statement: str) -> None:  # noqa: ARG002
        assert not self.closed

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[FakeConnection]:
    """The connections that a Server opens."""
    made: list[FakeConnection] = []

    def open_one(self: Server, database: str) -> FakeConnection:
        made.append(FakeConnection(database))
        return made[-1]

    monkeypatch.setattr(Server, "_open", open_one)
    monkeypatch.setattr(servers.time, "sleep", lambda seconds: None)
    return made


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_server_that_does_not_answer_is_named_without_the_password():
    port = closed_port()
    provider = PostgresqlProvider()
    provider.configure({"host": "127.0.0.1", "port": str(port), "password": PASSWORD, "sslmode": "disable"})
    began = time.monotonic()
    with pytest.raises(ProviderError) as caught:
        provider.read(ROLE, "app", {}, {})
    assert f"PostgreSQL at 127.0.0.1:{port} does not answer" in str(caught.value)
    assert "is the container up?" in str(caught.value)
    assert PASSWORD not in str(caught.value)
    assert caught.value.__suppress_context__
    assert time.monotonic() - began < 5


def test_settings_come_from_text_and_have_the_official_defaults():
    assert Settings.parse({"host": "db", "port": "6543", "connectTimeout": "5", "superuser": "true"}) == Settings(
        host="db", port=6543, connect_timeout=5
    )
    told = {"superuser": "false", "sslmode": "verify-full", "sslrootcert": "db.pem"}
    assert Settings.parse(told) == Settings(superuser=False, sslmode="verify-full", sslrootcert="db.pem")
    assert (Settings().port, Settings().username, Settings().database) == (5432, "postgres", "postgres")
    assert (Settings().sslmode, Settings().connect_timeout) == ("require", 180)


def test_a_connection_is_used_again(opened):
    server = Server(Settings())
    for _ in range(3):
        server.run("it", lambda connection: None)
    assert len(opened) == 1


def test_idle_connections_stay_few_however_many_databases_there_are(opened):
    server = Server(Settings())
    for number in range(30):
        server.run("it", lambda connection: None, f"db{number}")
    still = [connection.database for connection in opened if not connection.closed]
    assert 1 <= len(still) <= 5
    assert "db29" in still


def test_a_database_can_be_forgotten_before_it_is_dropped(opened):
    server = Server(Settings())
    server.run("it", lambda connection: None, "shop")
    server.run("it", lambda connection: None, "blog")
    server.forget("shop")
    assert [connection.closed for connection in opened] == [True, False]


def test_colliding_sessions_are_tried_again_on_a_new_connection(opened):
    left = [errors.DeadlockDetected("deadlock"), errors.SerializationFailure("serialization")]

    def work(connection: object) -> str:
        if left:
            raise left.pop()
        return "done"

    assert Server(Settings()).run("it", work) == "done"
    assert [connection.closed for connection in opened] == [True, True, False]


def test_collisions_that_never_end_and_other_errors_are_reported_with_what_was_done(opened):
    def collide(connection: object) -> None:
        raise errors.DeadlockDetected("deadlock detected")

    def fail(connection: object) -> None:
        raise errors.DuplicateObject("role exists\nSTATEMENT: CREATE ROLE x PASSWORD 'hunter2'")

    with pytest.raises(ProviderError, match="creating it: deadlock detected"):
        Server(Settings()).run("creating it", collide)
    before = len(opened)
    with pytest.raises(ProviderError) as caught:
        Server(Settings()).run("creating it", fail)
    assert len(opened) == before + 1
    assert str(caught.value) == "creating it: role exists"
