"""What an app's users are told to a MongoDB server, and how a wrong call is answered."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from pymongo.errors import OperationFailure

from operate import mongo_client, mongo_users, step

ENVIRONMENT = {
    "MONGO_HOST": "127.0.0.1",
    "MONGO_PORT": "1",
    "MONGO_ADMIN": "admin",
    "MONGO_ADMIN_PASSWORD": "Plain-admin",
    "MONGO_DATABASE": "docs",
    "MONGO_USER": "shop_b",
    "MONGO_PASSWORD": "Plain-b",
    "MONGO_FORMER_USER": "shop_a",
    "MONGO_DRAIN": "5",
}


class Server:
    """Keeps users by database and name, and remembers what it was told."""

    def __init__(self, *users: str, sessions: list[int] | None = None) -> None:
        self.users, self.left, self.said = set(users), sessions or [0], list[tuple[str, str, Any]]()
        self.admin = Database(self, "admin")

    def __getitem__(self, name: str) -> Database:
        return Database(self, name)


class Database:
    def __init__(self, server: Server, name: str) -> None:
        self.server, self.name = server, name

    def command(self, command: Any, value: Any = None, **more: Any) -> dict[str, Any]:
        its = self.server
        if isinstance(command, dict):
            left = its.left.pop(0) if len(its.left) > 1 else its.left[0]
            mine = {"opid": 7, "effectiveUsers": [{"user": "shop_a", "db": "docs"}]}
            other = {"opid": 8, "effectiveUsers": [{"user": "shop_a", "db": "other"}]}
            return {"inprog": [*[mine] * left, other, {"opid": 9, "effectiveUsers": []}, {"opid": 10}]}
        if command == "usersInfo":
            return {"users": [value] if value["user"] in its.users else []}
        its.said.append((command, self.name, value if value is not None else more))
        if command == "createUser":
            assert more["roles"] == [{"role": "readWrite", "db": "docs"}]
            assert more["mechanisms"] == ["SCRAM-SHA-256"]
            its.users.add(value)
        if command == "dropUser":
            if value not in its.users:
                raise OperationFailure("not found", 11)
            its.users.remove(value)
        return {}


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_a_user_is_created_once_and_then_given_its_password_and_rights_again():
    server = Server()
    for _ in range(2):
        mongo_users.set_user(server, "docs", "shop_a", "Plain-a")  # type: ignore[arg-type]
    assert [command for command, _, _ in server.said] == ["createUser", "updateUser"]
    assert {database for _, database, _ in server.said} == {"docs"}


def test_users_go_with_what_they_do_and_one_that_is_gone_is_passed_over():
    server = Server("shop_b", sessions=[1])
    mongo_users.drop_users(server, "docs", ["shop_b", "shop_a"])  # type: ignore[arg-type]
    assert server.users == set()
    assert server.said[-1] == ("killOp", "admin", {"op": 7}), "and nothing of a user of another database"
    assert sum(command == "killOp" for command, _, _ in server.said) == 1


def settled(server: Server, seconds: float) -> tuple[int, float]:
    clock = Clock()
    left = mongo_users.settle(server, "docs", "shop_a", seconds, clock=clock, sleep=clock.sleep)  # type: ignore[arg-type]
    return left, clock.now


def test_the_former_user_has_a_moment_and_goes_when_its_sessions_have_ended():
    server = Server("shop_a", "shop_b", sessions=[0])
    assert settled(server, 20) == (0, 2.0)
    assert server.users == {"shop_b"}
    assert settled(Server("shop_a", sessions=[2] * 12 + [0]), 20) == (0, 3.0)


def test_the_former_user_goes_when_the_time_is_over_and_who_is_left_is_counted():
    assert settled(Server("shop_a", sessions=[2]), 5) == (2, 5.0)


def test_an_error_of_the_server_is_not_hidden(monkeypatch):
    def refuse(*_: Any, **__: Any) -> dict[str, Any]:
        raise OperationFailure("not authorized", 13)

    monkeypatch.setattr(Database, "command", refuse)
    with pytest.raises(OperationFailure, match="not authorized"):
        mongo_users.drop_users(Server(), "docs", ["shop_a"])  # type: ignore[arg-type]


@pytest.mark.parametrize("arguments", [[], ["drop"], ["set", "lock"]])
def test_a_wrong_call_says_how(arguments, capsys):
    assert step.main("mongo_users", mongo_users.STEPS, arguments, ENVIRONMENT) == 2
    assert "set|settle|lock|delete|purge" in capsys.readouterr().err


@pytest.mark.parametrize("missing", ["MONGO_HOST", "MONGO_DATABASE", "MONGO_FORMER_USER"])
def test_what_is_missing_is_named(missing, capsys):
    assert (
        step.run(mongo_users.STEPS["lock"], {key: value for key, value in ENVIRONMENT.items() if key != missing}) == 2
    )
    assert capsys.readouterr().err == f"{missing} is not set in the environment\n"


def test_a_server_that_does_not_answer_is_named_and_no_password(monkeypatch, capsys):
    monkeypatch.setattr(mongo_users, "connected", partial(mongo_client.connected, seconds=0.3))
    assert step.run(mongo_users.STEPS["set"], ENVIRONMENT) == 1
    said = capsys.readouterr().err
    assert "cannot set users of docs on MongoDB at 127.0.0.1:1: ServerSelectionTimeoutError" in said
    assert "Plain" not in said
