"""Which containers start, stop and logs mean, and in which order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from operate import containers, logs
from operate.errors import OperateError
from operate.stack import parse
from tests.operate.outputs import outputs, stack

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


def stages(what: str) -> list[list[str]]:
    return [[member.name for member in stage] for stage in containers.members(stack(), what)]


def test_everything_is_servers_before_services() -> None:
    assert stages("all") == [["t-postgres", "t-redis", "t-wiki-postgres"], ["t-shop", "t-wiki", "t-front"]]


def test_an_isolated_app_has_its_own_server_and_a_unified_one_only_its_service() -> None:
    assert stages("wiki") == [["t-wiki-postgres"], ["t-wiki"]]
    assert stages("shop") == [["t-shop"]], "others use the shared server"


def test_an_app_without_a_container_of_its_own_is_refused() -> None:
    with pytest.raises(OperateError, match="mail has no container of its own: its server is shared"):
        stages("mail")


def test_a_stack_that_is_down_is_brought_back_by_up_only() -> None:
    with pytest.raises(OperateError, match="dev is down: `make up STACK=dev`"):
        containers.members(stack(running=False), "all")


@pytest.mark.parametrize(("what", "found"), [
    ("wiki", ["t-wiki-postgres", "t-wiki"]),
    ("postgres", ["t-postgres"]),
    ("t-redis", ["t-redis"]),
    ("front", ["t-front"]),
])  # fmt: skip
def test_logs_are_of_an_app_or_of_a_server_by_key_or_name(what: str, found: list[str]) -> None:
    assert logs.names(stack(), what) == found
    assert set(found) < set(logs.names(stack(), None)), "without a name it is everything"


def test_logs_of_a_server_with_members_are_theirs_and_those_of_its_ways() -> None:
    told = outputs()
    members, ways = ["t-wiki-postgres-1", "t-wiki-postgres-2"], ["t-wiki-postgres", "t-wiki-postgres-host"]
    told["servers"]["postgres-wiki"] |= {"members": members, "ways": ways, "synchronous": False}
    its = parse("dev", told)
    assert logs.names(its, "wiki") == [*members, *ways, "t-wiki"]
    assert logs.names(its, "postgres-wiki") == [*members, *ways]
    assert logs.names(its, members[0]) == members[:1]


@pytest.mark.parametrize(("text", "then"), [
    ("30s", NOW - timedelta(seconds=30)),
    ("10m", NOW - timedelta(minutes=10)),
    ("2h", NOW - timedelta(hours=2)),
    ("1d", NOW - timedelta(days=1)),
    ("2026-01-31T08:00:00+00:00", NOW - timedelta(hours=4)),
])  # fmt: skip
def test_since_is_how_long_ago_or_a_time(text: str, then: datetime) -> None:
    assert logs.when(text, NOW) == then


@pytest.mark.parametrize("text", ["yesterday", "10", "", "-5m"])
def test_a_since_that_is_neither_says_what_to_write(text: str) -> None:
    with pytest.raises(OperateError, match="write how long ago"):
        logs.when(text, NOW)


def test_log_lines_are_whole_however_they_were_cut() -> None:
    pieces = [b"one\ntw", b"o\n", b"\xc3", b"\xa9\nrest"]
    assert list(logs._whole(pieces)) == ["one", "two", "\N{LATIN SMALL LETTER E WITH ACUTE}", "rest"]
