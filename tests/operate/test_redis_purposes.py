"""What the commands make of Redis servers of single purposes: which apps are on which, under which numbers."""

from __future__ import annotations

from typing import Any

import pytest

from operate import clients
from operate.errors import OperateError
from operate.stack import Stack
from tests.operate.outputs import outputs, stack


def made(**changed: Any) -> Stack:
    servers = outputs()["servers"]
    servers["redis.cache"] = {**servers["redis"], "name": "t-redis-cache", "purpose": "cache"}
    users = {
        "shop": {
            "server": "redis.cache",
            "servers": {"cache": "redis.cache", "queue": "redis"},
            "purposes": {"cache": 0, "queue": 2},
        },
        "mail": {"server": "redis", "servers": {"queue": "redis"}, "purposes": {"queue": 2}},
    }
    return stack(servers=servers, redis_users=users, **changed)


def test_an_app_has_a_user_on_each_server_that_it_uses_under_its_numbers():
    found = made()
    shared, cache = found.servers["redis"], found.servers["redis.cache"]
    assert (found.numbers_on(shared, "shop"), found.numbers_on(cache, "shop")) == ([2], [0])
    assert (found.numbers_on(shared, "mail"), found.numbers_on(cache, "mail")) == ([2], [])
    assert [found.holds(cache, app) for app in ("shop", "mail")] == [True, False]
    assert found.own_servers("shop") == []


def test_an_apps_own_server_has_all_its_purposes():
    found = made()
    own = found.servers["redis"].__class__(**{**vars(found.servers["redis"]), "app": "shop"})
    assert found.numbers_on(own, "shop") == [0, 2]


def test_an_app_needs_all_the_servers_of_its_purposes():
    assert [server.name for server in made().servers_used_by("shop")] == ["t-postgres", "t-redis-cache", "t-redis"]


def test_a_shell_on_a_purpose_that_an_app_has_not_is_refused():
    with pytest.raises(OperateError, match="mail doesn't use Redis for cache; it does for: queue"):
        clients.redis(made(), "mail", [], None, None, "cache")  # type: ignore[arg-type]
