"""What the consoles of a pooler's processes say, and what is done where one of them is paused."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from operate import daemon, pools
from operate import stack as stacks
from operate.errors import OperateError
from tests.operate import outputs

POOLER = {"name": "small-postgres-pooler", "address": "172.28.0.5", "port": 6432}


class Consoles:
    """Two processes with their state; a command goes to both. `stuck` pauses never end."""

    def __init__(self) -> None:
        self.commands: list[str] = []
        self.paused = [False, False]
        self.stuck = False

    def __call__(
        self, container: Any, command: str, seconds: int = 10, *, all_of_them: bool = False
    ) -> list[list[dict[str, str]]]:
        self.commands.append(command)
        verb, before = command.split(maxsplit=1)[0], self.paused
        if verb == "PAUSE":
            self.paused = [True, not self.stuck]
            if self.stuck:
                raise OperateError(f"{container.name}: {command}: no answer within {seconds} s")
        if verb == "RESUME":
            self.paused = [False, False] if all_of_them else [False, before[1]]
            if not all(before):
                raise OperateError(f"{container.name}: {command}: ERROR:  database shop is not paused")
        return [self.answer(command, paused) for paused in self.paused]

    @staticmethod
    def answer(command: str, paused: bool) -> list[dict[str, str]]:
        database = {"name": "shop", "pool_size": "4", "current_connections": "3", "paused": str(int(paused))}
        pool = {"database": "shop", "cl_active": "5", "cl_waiting": "1", "maxwait": "2", "maxwait_us": "500000"}
        said = {
            "SHOW DATABASES": [database, {**database, "name": "pgbouncer_auth"}],
            "SHOW POOLS": [pool, {**pool, "database": "pgbouncer"}],
            "SHOW STATE": [{"key": "active", "value": "yes"}, {"key": "paused", "value": "no"}],
        }
        return said.get(command, [])


@pytest.fixture
def consoles(monkeypatch: pytest.MonkeyPatch) -> Consoles:
    found = Consoles()
    monkeypatch.setattr(pools, "ask", found)
    monkeypatch.setattr(daemon, "running", lambda client, name: SimpleNamespace(name=name))
    return found


def stack(**changed: Any) -> stacks.Stack:
    databases = {"shop": {"database": "shop", "server": "postgres", "places": ["unified"]}}
    return outputs.stack(**{"databases": databases, "poolers": {"postgres": POOLER}, **changed})


def test_the_processes_of_a_pooler_count_together(consoles):
    (pool,) = pools.look(stack(), None)
    assert (pool.database, pool.clients, pool.waiting, pool.servers, pool.size) == ("shop", 12, 2, 6, 8)
    assert pool.longest == 2.5
    assert not pool.paused


def test_a_pause_that_one_process_has_left_shows(consoles):
    consoles.paused = [False, True]
    assert [pool.name for pool in pools.look(stack(), None) if pool.paused] == ["small-postgres-pooler/shop"]


def test_a_pause_of_an_app_is_one_of_its_database(consoles):
    assert pools.pause(stack(), "shop", None, 5) == ["small-postgres-pooler/shop"]
    assert consoles.commands == ["PAUSE shop"]


def test_a_pause_that_does_not_end_leaves_nothing_paused(consoles):
    consoles.stuck = True
    with pytest.raises(OperateError, match=r"nothing is paused: .* \(a transaction didn't end within 5 s"):
        pools.pause(stack(), "shop", None, 5)
    assert consoles.paused == [False, False]


def test_what_is_not_paused_is_not_resumed(consoles):
    assert pools.resume(stack(), None, None) == []
    assert "RESUME shop" not in consoles.commands


def test_resuming_everything_finds_what_was_paused_by_itself(consoles):
    pools.pause(stack(), "shop", None, 5)
    assert pools.resume(stack(), None, None) == ["small-postgres-pooler/shop"]


def test_a_stack_without_a_pooler_says_how_to_have_one(consoles):
    with pytest.raises(OperateError, match=r"dev has no pooler: data-tier:postgres\.pooler"):
        pools.look(stack(poolers={}), None)
