"""How long sessions of a login are waited for, and which of them are ended."""

from __future__ import annotations

from typing import Any

import pytest

from operate import drain, step


class Server:
    """Answers with a number of sessions that falls; remembers what it was told to end."""

    def __init__(self, *left: int) -> None:
        self.left, self.ended = list(left), 0
        self.answer: Any = None

    def execute(self, query: str | bytes, values: Any = None) -> Server:
        text = query.decode() if isinstance(query, bytes) else query
        if "terminate" in text:
            assert "idle" in text
            assert values[0] == "shop_a"
            self.ended += 1
        if "count" in text:
            self.answer = self.left.pop(0) if len(self.left) > 1 else self.left[0]
        return self

    def fetchone(self) -> tuple[Any]:
        return (self.answer,)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def drained(server: Server, seconds: float) -> tuple[int, float]:
    clock = Clock()
    return drain.drain(server, "shop_a", seconds, clock=clock, sleep=clock.sleep), clock.now  # type: ignore[arg-type]


def test_who_has_just_read_the_old_file_may_still_use_it():
    assert drained(Server(0), 20) == (0, 2.0)


def test_sessions_that_end_are_not_waited_for_any_longer():
    left, took = drained(Server(*[2] * 10, 0), 20)
    assert (left, took) == (0, 2.5)


def test_busy_sessions_are_left_alone_when_the_time_is_over():
    server = Server(1)
    assert drained(server, 5) == (1, 5.0)
    assert server.ended > 0, "idle ones are asked to go, each time anew"


class Pooled:
    """A pooler whose clients leave one after the other; remembers how long clients might be idle, and when."""

    def __init__(self, *left: int) -> None:
        self.left, self.told = list(left), []

    def count(self) -> int:
        return self.left.pop(0) if len(self.left) > 1 else self.left[0]

    def end_idle(self, seconds: int) -> None:
        self.told.append(seconds)


def test_clients_at_a_pooler_are_waited_for_though_its_sessions_are_idle():
    clock, pooled = Clock(), Pooled(*[3] * 12, 0)
    left = drain.drain(Server(0), "shop_a", 20, pooled, clock=clock, sleep=clock.sleep)  # type: ignore[arg-type]
    assert (left, clock.now) == (0, 3.0)
    assert pooled.told == [1, 0], "idle clients are ended while the drain takes, and not for longer"


def test_what_a_pooler_was_told_is_taken_back_after_an_error_too():
    class Broken(Server):
        def execute(self, query: str | bytes, values: Any = None) -> Server:
            if "terminate" in str(query):
                raise RuntimeError("gone")
            return super().execute(query, values)

    clock, pooled = Clock(), Pooled(1)
    with pytest.raises(RuntimeError):
        drain.drain(Broken(1), "shop_a", 20, pooled, clock=clock, sleep=clock.sleep)  # type: ignore[arg-type]
    assert pooled.told == [1, 0]


def test_a_server_that_does_not_answer_is_named_without_a_password(capsys):
    environment = {"PGHOST": "127.0.0.1", "PGPORT": "1", "DRAIN_LOGIN": "shop_a", "DRAIN_SECONDS": "1"}
    assert step.run(drain.carry_out, {**environment, "PGPASSWORD": "hunter2"}) == 1
    said = capsys.readouterr().err
    assert "sessions of shop_a on 127.0.0.1:1" in said
    assert "hunter2" not in said


def test_a_missing_variable_is_named(capsys):
    assert step.run(drain.carry_out, {}) == 2
    assert "DRAIN_LOGIN is not set" in capsys.readouterr().err
