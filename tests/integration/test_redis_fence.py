"""What an app's user can and can't do on the shared Redis server."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
import redis
from redis import exceptions

from tests.integration.conftest import Stack

pytestmark = pytest.mark.integration
APP, OTHER = "saleor", "wagtail"
_HEALTHY_SECONDS = 40


@pytest.fixture
def app(stack: Stack) -> Iterator[redis.Redis]:
    """A client of the app itself, in its own number."""
    with stack.stores.keys(stack.stores.redis_users[APP]) as client:
        yield client


def test_an_app_reads_and_writes_keys_under_its_prefix(app: redis.Redis) -> None:
    app.set(f"{APP}:cart", "tea", ex=60)
    assert app.get(f"{APP}:cart") == "tea"
    assert app.delete(f"{APP}:cart") == 1


@pytest.mark.parametrize(
    "command",
    [
        ("GET", f"{OTHER}:cart"),
        ("SET", f"{OTHER}:cart", "1"),
        ("SET", "without-prefix", "1"),
        ("RENAME", f"{APP}:cart", f"{OTHER}:cart"),
        ("PUBLISH", f"{OTHER}:news", "1"),
        ("EVAL", f"return redis.call('GET', '{OTHER}:cart')", "0"),
        ("SELECT", "1"),
        ("SELECT", "15"),
        ("MOVE", f"{APP}:cart", "1"),
        ("COPY", f"{APP}:cart", f"{APP}:cart2", "DB", "1"),
        ("SWAPDB", "0", "1"),
        ("FLUSHALL",),
        ("FLUSHDB",),
        ("CONFIG", "GET", "*"),
        ("CONFIG", "SET", "maxmemory", "0"),
        ("KEYS", "*"),
        ("SCAN", "0"),
        ("ACL", "LIST"),
        ("ACL", "SETUSER", APP, "~*"),
        ("CLIENT", "LIST"),
        ("MONITOR",),
        ("SAVE",),
        ("SHUTDOWN",),
        ("REPLICAOF", "127.0.0.1", "1"),
        ("MODULE", "LIST"),
    ],
    ids=" ".join,
)
def test_an_app_is_refused(app: redis.Redis, command: tuple[str, ...]) -> None:
    with pytest.raises(exceptions.ResponseError, match=r"(?i)permission|NOPERM"):
        app.execute_command(*command)  # type: ignore[no-untyped-call]  # untyped in the client


def test_every_app_is_in_its_own_number(stack: Stack) -> None:
    numbers = stack.config["data-tier:redis"]["databases"]
    for app, login in stack.stores.redis_users.items():
        assert int(login.database) == numbers[stack.config["data-tier:apps"][app]["redis"][0]]
        with stack.stores.keys(login) as client:
            assert client.set(f"{app}:here", "1", ex=60)


def test_nobody_gets_in_without_a_user(stack: Stack) -> None:
    address, port = stack.stores.redis
    with (
        redis.Redis(host=address, port=port, ssl=True, ssl_ca_data=stack.stores.ca, socket_timeout=5) as client,
        pytest.raises(exceptions.AuthenticationError),
    ):
        client.ping()


@pytest.mark.parametrize("user", [APP, "admin", "default"])
def test_a_wrong_password_is_refused(stack: Stack, user: str) -> None:
    address, port = stack.stores.redis
    ca = stack.stores.ca
    wrong = redis.Redis(
        host=address, port=port, username=user, password="wrong", ssl=True, ssl_ca_data=ca, socket_timeout=5
    )
    with wrong as client, pytest.raises(exceptions.AuthenticationError):
        client.ping()


def test_users_and_keys_survive_a_restart_of_the_server(stack: Stack) -> None:
    login = stack.stores.redis_users[APP]
    with stack.stores.keys(login) as client:
        client.set(f"{APP}:before", "kept", ex=600)
    name = stack.project.outputs()["servers"]["redis"]["name"]
    stack.host.containers()[name].restart()
    deadline = time.monotonic() + _HEALTHY_SECONDS
    while stack.host.containers()[name].attrs["State"]["Health"]["Status"] != "healthy":
        assert time.monotonic() < deadline, f"Redis isn't healthy {_HEALTHY_SECONDS} s after its restart"
        time.sleep(0.5)
    with stack.stores.keys(login) as client:
        assert client.get(f"{APP}:before") == "kept"
        with pytest.raises(exceptions.NoPermissionError):
            client.get(f"{OTHER}:cart")
    test_nobody_gets_in_without_a_user(stack)
