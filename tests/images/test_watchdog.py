"""Which sessions the watchdog ends, and what it tells of them: decided without a server."""

from __future__ import annotations

from typing import Any

import pytest

from components import limits
from images.watchdog import program

DECLARED = {"statement_timeout": 2000, "lock_timeout": 1000, "idle_in_transaction_session_timeout": 3000}
COMMENT = limits.comment("shop", 3, DECLARED)


def session(pid: int = 1, **more: Any) -> dict[str, Any]:
    base = {
        "pid": pid, "login": "shop_a", "database": "shop", "state": "active", "query_id": 42, "command": "SELECT",
        "backend_start": "b", "state_change": "s", "query_start": "q", "running": 0, "resting": 0, "waiting": None,
        "comment": COMMENT,
    }  # fmt: skip
    return {**base, **more}


def found(*sessions: dict[str, Any]) -> list[tuple[int, str, str]]:
    return [(one.session["pid"], one.limit, one.deed) for one in program.breaches(sessions)]


@pytest.mark.parametrize(
    ("more", "wanted"),
    [
        ({"running": 2400}, []),
        ({"running": 2600}, [(1, "statement_timeout", "cancelled")]),
        ({"running": 1800, "waiting": 1600}, [(1, "lock_timeout", "cancelled")]),
        ({"state": "idle in transaction", "resting": 3600}, [(1, "idle_in_transaction_session_timeout", "terminated")]),
        ({"state": "idle in transaction (aborted)", "resting": 3600},
         [(1, "idle_in_transaction_session_timeout", "terminated")]),
        ({"state": "idle", "resting": 10**9}, []),
        ({"state": "idle in transaction", "running": 10**9, "resting": 10}, []),
        ({"state": None, "running": 10**9}, []),
        ({"running": 10**9, "comment": "a note"}, []),
        ({"running": 10**9, "comment": None}, []),
    ],
)  # fmt: skip
def test_a_session_over_its_limit_is_ended_once_the_server_had_its_chance(more, wanted):
    assert found(session(**more)) == wanted


def test_an_idle_session_goes_where_that_is_declared():
    comment = limits.comment("shop", 3, {"idle_session_timeout": 1000})
    assert found(session(state="idle", resting=1600, comment=comment)) == [(1, "idle_session_timeout", "terminated")]


def test_both_logins_of_an_app_are_counted_together_and_the_longest_idle_goes():
    sessions = [
        session(1, state="idle", resting=50),
        session(2, state="idle", resting=90, login="shop_b"),
        session(3),
        session(4, login="shop_b"),
    ]
    assert found(*sessions) == [(2, "connections", "terminated")]
    assert found(*sessions[:3]) == []
    assert found(*(session(pid) for pid in range(9))) == [], "who is busy is left alone"


def test_apps_dont_answer_for_each_other():
    other = limits.comment("blog", 3, {"statement_timeout": 9000})
    sessions = [*(session(pid, state="idle") for pid in range(3)), session(7, comment=other, running=5000)]
    assert found(*sessions) == []


def test_what_is_told_has_no_text_of_a_query():
    [breach] = program.breaches([session(running=9000, query="SELECT 'secret'")])
    told = program.told(breach)
    assert told == {
        "event": "cancelled", "app": "shop", "login": "shop_a", "database": "shop", "pid": 1,
        "limit": "statement_timeout", "allowed": 2000, "found": 9000, "command": "SELECT", "query_id": 42,
    }  # fmt: skip


class Server:
    """Answers with sessions and roles, and remembers what it was asked to do."""

    def __init__(self, sessions: list[dict[str, Any]], roles: list[dict[str, Any]]) -> None:
        self.sessions, self.roles, self.did = sessions, roles, []
        self.rows: list[dict[str, Any]] = []

    def execute(self, query: str | bytes, _: Any = None) -> Server:
        text = query.decode() if isinstance(query, bytes) else query
        if "_backend(pid)" in text:
            self.did.append(text.split("(pid)")[0].split()[-1])
            self.rows = [{"ended": True}]
        else:
            self.rows = self.roles if "rolconfig" in text else self.sessions
        return self

    def fetchall(self) -> list[dict[str, Any]]:
        return self.rows

    def fetchone(self) -> dict[str, Any] | None:
        return self.rows[0] if self.rows else None


def test_a_query_that_goes_on_after_it_was_cancelled_loses_its_session():
    server = Server([session(running=9000)], [])
    watchdog = program.Watchdog(server)
    assert [event["event"] for _ in range(2) for event in watchdog.sweep()] == ["cancelled", "terminated"]
    assert server.did == ["pg_cancel_backend", "pg_terminate_backend"]


def test_a_limit_that_a_login_lifted_for_itself_is_told_once_and_again_when_it_changes():
    role = {
        "login": "shop_a",
        "settings": ["statement_timeout=0"],
        "comment": limits.comment("shop", 3, {"statement_timeout": 2000}),
    }
    server = Server([], [role])
    watchdog = program.Watchdog(server)
    told = {"event": "lifted", "app": "shop", "login": "shop_a", "limit": "statement_timeout", "allowed": 2000}
    assert list(watchdog.sweep()) == [{**told, "found": "0"}]
    assert list(watchdog.sweep()) == []
    role["settings"] = ["statement_timeout=1h"]
    assert list(watchdog.sweep()) == [{**told, "found": "1h"}]
    role["settings"] = ["statement_timeout=2s"]
    assert list(watchdog.sweep()) == []
