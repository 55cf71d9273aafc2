"""A switch as it is decided: between which members it goes, and what refuses it before anything is changed."""

from __future__ import annotations

from typing import Any

import pytest

from operate import lost_log, switch
from operate.errors import OperateError
from operate.members import Member
from operate.stack import Server, parse
from tests.operate.outputs import outputs


def server(**keys: Any) -> Server:
    told = outputs()
    told["servers"]["postgres"] |= {"members": ["s-1", "s-2"], "ways": ["s", "s-host"], "synchronous": False, **keys}
    return parse("dev", told).servers["postgres"]


def member(number: int, role: str, **keys: Any) -> Member:
    receiving = {"receiving": "streaming"} if role == "standby" else {}
    its: dict[str, Any] = {"state": "running", "named": 1, "serving": 1, "major": 17, **receiving, **keys}
    return Member(name=f"s-{number}", number=number, role=role, **its)


def test_it_goes_from_the_named_member_to_the_other_one() -> None:
    pair = member(1, "standby", named=2), member(2, "primary", named=2)
    first, second = switch._in_order(server(), pair)
    assert (first.number, second.number) == (2, 1)


@pytest.mark.parametrize(
    ("first", "second", "wanted"),
    [
        ({"major": 17}, {"major": 16}, "s-2 has PostgreSQL 16 and s-1 17: no standby of it"),
        ({}, {"receiving": ""}, "s-2 doesn't stream from s-1"),
        ({"lag": 2**27}, {}, "s-2 is 134217728 bytes behind"),
        ({"role": ""}, {}, "s-1, the primary, doesn't answer"),
        ({"named": None}, {"named": None}, "nobody knows who is the primary"),
    ],
)
def test_a_standby_that_could_lose_something_is_refused(
    first: dict[str, Any], second: dict[str, Any], wanted: str
) -> None:
    pair = member(1, **{"role": "primary", **first}), member(2, **{"role": "standby", **second})
    with pytest.raises(OperateError, match=wanted):
        switch._in_order(server(), pair)


@pytest.mark.parametrize(
    ("synchronous", "alone", "lost", "wanted"),
    [
        (False, False, 0, "nothing is lost"),
        (False, False, 300, "what was committed there is lost"),
        (True, False, 300, "of which no client was told that it is committed"),
        (True, True, 300, "what was committed there is lost"),
        (False, False, None, "which nobody can say"),
    ],
)
def test_what_is_lost_is_said_as_it_is(synchronous: bool, alone: bool, lost: int | None, wanted: str) -> None:
    assert wanted in lost_log.told(server(synchronous=synchronous), member(1, "primary", alone=alone), lost)
