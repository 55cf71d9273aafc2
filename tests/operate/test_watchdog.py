"""What the watchdogs' logs come to, and what the doctor says of limits that an app changed for itself."""

from __future__ import annotations

import json

import pytest

from components import limits
from operate import watchdog
from operate.doctor.limits import judged
from operate.errors import OperateError
from tests.operate.outputs import stack

EVENT = {"app": "shop", "login": "shop_a", "limit": "statement_timeout", "allowed": 2000, "command": "SELECT"}
LOG = [
    {"at": "2026-01-01T00:00:00", "event": "watching", "interval": 5},
    {"at": "2026-01-01T00:00:01", "event": "cancelled", **EVENT, "found": 2900, "query_id": 7},
    {"at": "2026-01-01T00:00:03", "event": "cancelled", **EVENT, "found": 2600, "query_id": 7},
    {"at": "2026-01-01T00:00:02", "event": "lifted", **EVENT, "found": "0"},
]


class Container:
    name, status = "t-postgres-watchdog", "running"

    def __init__(self, lines: list[str]) -> None:
        self.text = "\n".join(lines).encode()

    def logs(self, **_: object) -> bytes:
        return self.text


def test_events_are_summed_by_login_limit_and_deed(monkeypatch):
    container = Container([*map(json.dumps, LOG), "Traceback", "[1]", '{"event": 1'])
    monkeypatch.setattr("operate.daemon.find", lambda _, name: container if name == "t-postgres-watchdog" else None)
    [watch] = watchdog.look(stack(), None, None)
    first, second = watch.broken
    assert (first.did, first.times, first.worst, first.queries) == ("cancelled", 2, 2900, (7,))
    assert (second.did, second.times, second.worst, second.last) == ("lifted", 1, "0", "2026-01-01T00:00:02")
    document = watchdog.as_json("dev", [watch])
    assert document["watchdogs"][0]["broken"][0]["app"] == "shop"
    assert json.dumps(document)


def test_a_stack_without_watchdogs_says_why(monkeypatch):
    monkeypatch.setattr("operate.daemon.find", lambda *_: None)
    with pytest.raises(OperateError, match="no app declares limits"):
        watchdog.look(stack(), None, None)


def test_the_doctor_names_each_changed_limit_and_what_to_do():
    declared = limits.declared_in(limits.comment("shop", 5, {"work_mem": 4096, "statement_timeout": 2000}))
    assert [one.level for one in judged([("shop_a", ["work_mem=4MB", "statement_timeout=2000"], declared)])] == ["ok"]
    [one] = judged([("shop_a", ["work_mem=1GB", "statement_timeout=2s"], declared)])
    assert one.level == "warn"
    assert one.found == "shop_a has work_mem = 1GB, declared is 4096kB"
    assert "ALTER ROLE shop_a SET work_mem TO '4096kB'" in one.todo
    assert judged([]) == []
