"""The Redis servers of a stack, each with what follows from its memory."""

from __future__ import annotations

from collections.abc import Iterator

from components import sizing
from components.config import redis_servers
from components.config.models import Settings
from components.config.redis_servers import RedisServer
from components.tuning.explained import Explained, Sized


def sized(settings: Settings) -> Iterator[Sized]:
    """Every server with its budget."""
    yield from map(_sized, redis_servers.declared(settings).values())


def _sized(server: RedisServer) -> Sized:
    page = "https://redis.io/docs/latest/operate/oss_and_stack/management/config/"
    budget = Explained(
        name="maxmemory",
        value=f"{sizing.redis_data(server.memory)}mb",
        rule=f"three quarters of {server.memory} MiB; the rest is for the copy that a rewrite makes",
        source=page,
    )
    eviction = Explained(
        name="maxmemory-policy",
        value=server.eviction,
        rule="nothing is forgotten: queues and sessions share the server"
        if server.eviction == "noeviction"
        else "as declared",
        source=page if server.eviction == "noeviction" else f"data-tier:{server.path}.eviction",
    )
    return Sized(kind="redis", container=server.name, values=[budget, eviction])
