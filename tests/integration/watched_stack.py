"""The stack of the monitoring's tests, and what they ask of its Prometheus and its exporters."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import docker

from operate.prometheus import Alert, Prometheus
from tests.integration import stackfile
from tests.integration.daemon import ran
from tests.integration.life import Life

SCRAPE = 5.0  # seconds: a machine that tests keep busy answers late
SERVERS = {"postgres", "redis", "redis.hot", "postgres-blog", "redis-blog"}
LOGIN = ("cat", "/run/secrets/login")


def settings(client: docker.DockerClient, prefix: str) -> dict[str, Any]:
    """A unified app on three servers, with a pooler, and an isolated one with both of its own."""
    (data,) = (str(subnet) for subnet in stackfile.free_subnets(client, 1))
    return {
        "data-tier:prefix": prefix,
        "data-tier:images": dict(stackfile.IMAGES),
        "data-tier:monitoring": {
            "scrape": f"{SCRAPE:.0f}s",
            "memory": "192Mi",
            "expose": stackfile.free_port(9400, 9480),
            "thresholds": {"disk": 0.99},
        },
        "data-tier:network": {"data": {"internal": True, "subnet": data, "apps": str(stackfile.free_pool(client))}},
        "data-tier:postgres": {
            "image": "postgres:17",
            "resources": {"memory": "192Mi", "cpu": 1},
            "connections": 40,
            "pooler": {"clients": 50},
        },
        "data-tier:redis": {
            "image": "redis:8",
            "memory": "64Mi",
            "databases": {"cache": 0},
            "servers": {"hot": {"memory": "32Mi", "number": 3, "persistence": "none"}},
        },
        "data-tier:apps": {
            "shop": {"postgres": {"database": "shop", "connections": 10}, "redis": ["cache", "hot"]},
            "blog": {"dedicated": True, "postgres": {"database": "blog", "connections": 10}, "redis": ["cache"]},
        },
    }


def prometheus(life: Life) -> Prometheus:
    return Prometheus(life.host.containers()[f"{life.host.prefix}-prometheus"])


def until(what: Callable[[], Any], seconds: float = 90) -> Any:
    """What it is as soon as it is anything."""
    deadline = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < deadline, f"not so after {seconds} s"
        time.sleep(0.5)
    return found


def fires(life: Life, name: str, seconds: float = 90) -> Alert:
    """The alert, once it fires."""
    found = until(lambda: [one for one in prometheus(life).alerts() if one.name == name], seconds)
    assert isinstance(found[0], Alert)
    return found[0]


def up(life: Life) -> dict[str, float]:
    (found,) = prometheus(life).now("up")
    return {one.labels["server"]: one.last for one in found}


def login(life: Life, server: str) -> tuple[str, str]:
    """An exporter's own login."""
    _, said = ran(life.host.containers()[f"{life.host.prefix}-{server}-exporter"], list(LOGIN))
    user, _, password = said.partition(":")
    return user, password


@contextmanager
def asked(life: Life) -> Iterator[list[float]]:
    """Whether each server's exporter was there and let in, again and again meanwhile."""
    found: list[float] = []
    over, its = threading.Event(), prometheus(life)

    def ask() -> None:
        while not over.is_set():
            for series in its.now("up", "pg_up", "redis_up"):
                found.extend(one.last for one in series)
            over.wait(SCRAPE / 2)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield found
    finally:
        over.set()
        thread.join()
