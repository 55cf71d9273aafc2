"""Turning the admin of a server: what is asked of `up`, what a server is told, and that no password shows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
import redis
from pymongo.errors import OperationFailure

from operate import lifecycle, mongo_client, pulumi, rotate_admin, step, turn_admin
from operate.errors import OperateError
from operate.stack import Server
from tests.operate.outputs import outputs, stack

ENVIRONMENT = {
    "TURN_HOST": "127.0.0.1",
    "TURN_PORT": "1",
    "TURN_TLS": "0",
    "TURN_USER": "admin",
    "TURN_PASSWORD": "newhunter2",
    "TURN_FORMER_PASSWORD": "oldhunter2",
}


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The outputs that a stack has, and its file; both can be changed."""
    has: dict[str, Any] = {"outputs": outputs(), "file": {}, "ran": []}
    monkeypatch.setattr(pulumi, "outputs", lambda stack: has["outputs"])
    monkeypatch.setattr(pulumi, "run", lambda *words, to_errors: has["ran"].append(words))
    monkeypatch.setattr(lifecycle, "own_keys", lambda stack: has["file"])
    return has


def test_a_server_is_chosen_by_key_or_name_or_all_are(told):
    for what, keys in (
        ("redis", ["redis"]),
        ("t-wiki-postgres", ["postgres-wiki"]),
        ("all", list(told["outputs"]["servers"])),
    ):
        assert [turn.server for turn in rotate_admin.prepare("dev", what)[1]] == keys
    with pytest.raises(OperateError, match="has no server shop; its servers: postgres, redis, postgres-wiki, or all"):
        rotate_admin.prepare("dev", "shop")


def test_each_generation_is_written_where_the_stack_file_says_it():
    servers = outputs()["servers"]
    known = stack().servers
    purpose = Server(**{**vars(known["redis"]), "purpose": "page-cache"})
    own = Server(**{**vars(known["redis"]), "app": "my-wiki"})
    documents = Server(**{**vars(known["redis"]), "kind": "mongo"})
    own_documents = Server(**{**vars(own), "kind": "mongo"})
    assert [rotate_admin.path(one) for one in (*known.values(), purpose, own, documents, own_documents)] == [
        "postgres.generation",
        "redis.generation",
        'apps["wiki"].postgres.server.generation',
        'redis.servers["page-cache"].generation',
        'apps["my-wiki"].redis_server.generation',
        "mongo.generation",
        'apps["my-wiki"].mongo.server.generation',
    ]
    assert len(servers) == len(known)


def test_what_is_half_done_is_not_raised_again(told):
    told["file"] = {"redis": {"generation": 2}, "apps": {"wiki": {"postgres": {"server": {"generation": 2}}}}}
    found, turns = rotate_admin.prepare("dev", "all")
    assert {turn.server: (turn.generation, turn.written) for turn in turns} == {
        "postgres": (2, False), "redis": (2, True), "postgres-wiki": (2, True),
    }  # fmt: skip
    rotate_admin.carry(found, turns, lambda _: None, quiet=False)
    assert [words[:2] for words in told["ran"]] == [("config", "set"), ("up", "--yes")]


def test_a_file_that_is_further_on_is_refused_with_its_key(told):
    told["file"] = {"apps": {"wiki": {"postgres": {"server": {"generation": 5}}}}}
    with pytest.raises(
        OperateError, match=r"data-tier:apps\.wiki\.postgres\.server\.generation = 5: the last run left"
    ):
        rotate_admin.prepare("dev", "postgres-wiki")


def test_what_is_no_number_is_refused_with_its_key(told):
    told["file"] = {"redis": {"generation": "two"}}
    with pytest.raises(
        OperateError, match=r"data-tier:redis\.generation = two: the last run left it at 1; write 1 or 2"
    ):
        rotate_admin.prepare("dev", "redis")


def test_servers_that_are_down_cant_turn(told):
    told["outputs"] = outputs(running=False)
    with pytest.raises(OperateError, match="dev is down"):
        rotate_admin.prepare("dev", "all")


@pytest.mark.parametrize("kind", ["postgres", "redis", "mongo"])
def test_a_server_that_does_not_answer_is_named_without_a_password(kind, capsys):
    assert step.run(turn_admin.STEPS[kind], ENVIRONMENT) == 1
    said = capsys.readouterr().err
    assert f"the admin of {kind} at 127.0.0.1:1 can't turn" in said
    assert "hunter2" not in said
    assert "hunter2" not in repr(turn_admin.Admin.of(ENVIRONMENT))


class Redis:
    """A server that takes one password; what it is told with it is kept."""

    takes = ""
    logins: list[str] = []  # noqa: RUF012  emptied by each test
    told: list[tuple[str, ...]] = []  # noqa: RUF012

    def __init__(self, *, password: str, **_: Any) -> None:
        self.password = password
        Redis.logins.append(password)

    def __enter__(self) -> Redis:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def execute_command(self, *command: str) -> None:
        if self.password != self.takes:
            raise redis.AuthenticationError("WRONGPASS")
        Redis.told.append(command)


@pytest.mark.parametrize(
    ("takes", "logins"), [("newhunter2", ["newhunter2"]), ("oldhunter2", ["newhunter2", "oldhunter2"])]
)
def test_redis_is_left_with_the_current_password_alone_whichever_it_takes(takes, logins, monkeypatch):
    Redis.takes, Redis.logins, Redis.told = takes, [], []
    monkeypatch.setattr(turn_admin.redis, "Redis", Redis)
    assert step.run(turn_admin.STEPS["redis"], ENVIRONMENT) == 0
    assert Redis.logins == logins
    set_, save = Redis.told
    assert set_[:4] == ("ACL", "SETUSER", "admin", "resetpass")
    assert "hunter2" not in str(Redis.told)
    assert save == ("ACL", "SAVE")


def test_redis_that_takes_neither_is_an_error(monkeypatch, capsys):
    Redis.takes, Redis.told = "another", []
    monkeypatch.setattr(turn_admin.redis, "Redis", Redis)
    assert step.run(turn_admin.STEPS["redis"], ENVIRONMENT) == 1
    assert "WRONGPASS" in capsys.readouterr().err
    assert Redis.told == []


class Mongo:
    """A server that takes one password; what it is told with it is kept."""

    def __init__(self, takes: str) -> None:
        self.takes = takes
        self.logins: list[str] = []
        self.told: list[tuple[Any, ...]] = []

    @contextmanager
    def connected(self, way: mongo_client.Way, **_: Any) -> Iterator[Any]:
        def command(*said: Any, **more: Any) -> None:
            if way.password != self.takes:
                raise OperationFailure("Authentication failed.", code=18)
            self.told.append((*said, more))

        self.logins.append(way.password)
        yield SimpleNamespace(admin=SimpleNamespace(command=command))


@pytest.mark.parametrize(
    ("takes", "logins"), [("newhunter2", ["newhunter2"]), ("oldhunter2", ["newhunter2", "oldhunter2"])]
)
def test_mongo_is_left_with_the_current_password_whichever_it_takes(takes, logins, monkeypatch):
    server = Mongo(takes)
    monkeypatch.setattr(mongo_client, "connected", server.connected)
    assert step.run(turn_admin.STEPS["mongo"], ENVIRONMENT) == 0
    assert server.logins == logins
    assert server.told == [("updateUser", "admin", {"pwd": "newhunter2"})]


def test_mongo_that_takes_neither_is_an_error_without_a_password(monkeypatch, capsys):
    server = Mongo("another")
    monkeypatch.setattr(mongo_client, "connected", server.connected)
    assert step.run(turn_admin.STEPS["mongo"], ENVIRONMENT) == 1
    said = capsys.readouterr().err
    assert "the admin of mongo at 127.0.0.1:1 can't turn: Authentication failed." in said
    assert "hunter2" not in said
    assert server.told == []


def test_postgres_that_takes_the_current_password_is_left_alone(monkeypatch):
    tried: list[str] = []

    class Session:
        def close(self) -> None:
            tried.append("closed")

    def connect(*, password: str, **_: Any) -> Session:
        tried.append(password)
        return Session()

    monkeypatch.setattr(psycopg, "connect", connect)
    assert step.run(turn_admin.STEPS["postgres"], ENVIRONMENT) == 0
    assert tried == ["newhunter2", "closed"]
