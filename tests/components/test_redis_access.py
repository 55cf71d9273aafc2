"""What an app may do on the shared Redis server, and how its user gets there."""

from __future__ import annotations

import hashlib

import pytest

from operate import redis_users, step

ENVIRONMENT = {
    "REDIS_HOST": "127.0.0.1",
    "REDIS_PORT": "1",
    "REDIS_ADMIN_PASSWORD": "adminhunter2",
    "REDIS_APP": "shop",
    "REDIS_APP_PASSWORD": "apphunter2",
    "REDIS_DATABASES": "2,0",
}


class Recorded:
    def __init__(self) -> None:
        self.commands: list[tuple[str, ...]] = []

    def execute_command(self, *command: str) -> str:
        self.commands.append(command)
        return "OK"


def test_the_rules_start_from_nothing_and_fence_keys_and_channels_by_prefix():
    rules = redis_users.access_rules("shop", [2, 0], "hunter2")
    assert rules[:2] == ["reset", "on"]
    assert [rule for rule in rules if rule.startswith("~")] == ["~shop:*"]
    assert [rule for rule in rules if rule.startswith("&")] == ["&shop:*"]


def test_the_rules_take_away_after_they_give():
    rules = redis_users.access_rules("shop", [2, 0], "hunter2")
    after = rules[rules.index("+@all") + 1 :]
    assert after[:5] == ["-@dangerous", "-@admin", "-select", "+select|0", "+select|2"]
    assert all(rule.startswith("-") for rule in after[5:])


@pytest.mark.parametrize("command", ["copy", "move", "scan", "randomkey", "pubsub", "function", "script|flush"])
def test_what_a_prefix_does_not_hold_back_is_off(command):
    assert f"-{command}" in redis_users.access_rules("shop", [0], "hunter2")


def test_the_password_goes_in_as_a_digest():
    rules = redis_users.access_rules("shop", [0], "hunter2")
    assert f"#{hashlib.sha256(b'hunter2').hexdigest()}" in rules
    assert not [rule for rule in rules if "hunter2" in rule]


def test_a_user_is_kept_over_a_restart():
    server = Recorded()
    redis_users.set_user(server, "shop", [0], "hunter2")
    assert server.commands[-1] == ("ACL", "SAVE")


def test_a_deleted_user_stays_deleted_over_a_restart():
    server = Recorded()
    redis_users.delete_user(server, "shop")
    assert server.commands == [("ACL", "DELUSER", "shop"), ("ACL", "SAVE")]


def test_a_locked_user_is_off_logged_out_and_stays_so_over_a_restart():
    server = Recorded()
    redis_users.lock_user(server, "shop")
    assert server.commands == [("ACL", "SETUSER", "shop", "off"), ("CLIENT", "KILL", "USER", "shop"), ("ACL", "SAVE")]


class Keys:
    """Two pages of keys in each database, as SCAN gives them."""

    def __init__(self) -> None:
        self.number: object = None
        self.deleted: list[tuple[object, object]] = []

    def execute_command(self, *command: object) -> object:
        if command[0] == "SELECT":
            self.number = command[1]
        if command[0] == "UNLINK":
            self.deleted += [(self.number, key) for key in command[1:]]
        if command[0] == "SCAN":
            assert command[2:4] == ("MATCH", "shop:*")
            return (7, [b"shop:1", b"shop:2"]) if command[1] == 0 else (0, [])
        return "OK"


def test_an_apps_keys_are_deleted_in_each_of_its_databases():
    server = Keys()
    redis_users.delete_keys(server, "shop", [0, 2])
    assert server.deleted == [(0, b"shop:1"), (0, b"shop:2"), (2, b"shop:1"), (2, b"shop:2")]


@pytest.mark.parametrize("command", ["lock", "delete", "purge"])
def test_every_command_names_a_server_that_does_not_answer(command, capsys):
    assert step.run(redis_users.STEPS[command], ENVIRONMENT) == 1
    assert f"cannot {command} user shop on Redis at 127.0.0.1:1" in capsys.readouterr().err


def test_a_server_that_does_not_answer_is_named_without_a_password(capsys):
    assert step.run(redis_users.STEPS["set"], ENVIRONMENT) == 1
    said = capsys.readouterr().err
    assert "cannot set user shop on Redis at 127.0.0.1:1" in said
    assert "hunter2" not in said


def test_a_missing_variable_is_named(capsys):
    assert step.run(redis_users.STEPS["set"], {}) == 2
    assert "REDIS_APP is not set" in capsys.readouterr().err


def test_an_unknown_verb_is_answered_with_the_usage(capsys):
    assert step.main("redis_users", redis_users.STEPS, ["drop"], ENVIRONMENT) == 2
    assert "usage" in capsys.readouterr().err


def test_two_passwords_are_let_in_while_the_files_change():
    rules = redis_users.access_rules("shop", [0], "new", "old")
    assert len([rule for rule in rules if rule.startswith("#")]) == 2


class Known:
    """A server that tells what passwords a user has."""

    def __init__(self, *passwords: str) -> None:
        self.digests = [hashlib.sha256(password.encode()).hexdigest().encode() for password in passwords]

    def execute_command(self, *command: object) -> object:
        assert command[:2] == ("ACL", "GETUSER")
        return [b"flags", [b"on"], b"passwords", self.digests] if self.digests else None


@pytest.mark.parametrize(
    ("passwords", "turned"), [((), False), (("old",), False), (("old", "new"), False), (("new",), True)]
)
def test_a_password_that_was_taken_away_is_known_and_not_let_in_again(passwords, turned):
    assert redis_users.has_turned(Known(*passwords), "shop", "new", "old") is turned
