"""The Redis servers of a stack, each with what follows from its memory."""

from __future__ import annotations

from collections.abc import Iterator

from components import sizing
from components.config import places
from components.config.models import Redis, Settings
from components.tuning.explained import Explained, Sized


def sized(settings: Settings) -> Iterator[Sized]:
    """Every server with its budget."""
    if any(its.redis for its in places.apps_in(settings, "unified").values()):
        yield _sized(settings.redis, settings.redis_name)
    for app, its in places.apps_in(settings, "isolated").items():
        if its.redis:
            own = places.own_redis(settings, app)
            yield _sized(own, own.name or "")


def _sized(server: Redis, container: str) -> Sized:
    budget = Explained(
        name="maxmemory",
        value=f"{sizing.redis_data(server.memory)}mb",
        rule=f"three quarters of {server.memory} MiB; the rest is for the copy that a rewrite makes",
        source="https://redis.io/docs/latest/operate/oss_and_stack/management/config/",
    )
    return Sized(kind="redis", container=container, values=[budget])
