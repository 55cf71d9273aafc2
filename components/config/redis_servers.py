"""Which Redis servers a stack has, and which purposes are on which: the shared one, one purpose's, an app's own.

Pure: it follows from settings alone. What is wrong with them belongs to `redis_checks`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from components.config import places
from components.config.models import Settings
from components.config.models.redis import Eviction, Persistence
from components.naming import server_key

PURPOSES_NEED: Final = 25  # the length of the smallest subnet with fixed addresses for servers of single purposes


@dataclass(frozen=True, kw_only=True)
class RedisServer:
    """One server: `databases` are the numbers of its purposes, `path` is where the stack file describes it.

    `app` is whose own it is and `purpose` the only one it serves; both are None for the shared one. Memory, what of it
    is reserved, and storage in MiB; `named` is the data volume's name where the stack file says one.
    """

    name: str
    path: str
    memory: int
    cpu: float
    databases: Mapping[str, int]
    eviction: Eviction = "noeviction"  # queues and sessions share a server: losing a key is losing work
    persistence: Persistence = "aof"
    cpu_weight: int | None = None
    reservation: int | None = None
    storage: int | None = None
    named: str | None = None
    expose: int | None = None
    generation: int = 1
    app: str | None = None
    purpose: str | None = None

    @property
    def key(self) -> str:
        """What it is called in the outputs."""
        return server_key("redis", self.app, self.purpose)

    @property
    def volume(self) -> str:
        """The name of its data volume."""
        return self.named or f"{self.name}-data"


def shared(settings: Settings) -> RedisServer:
    """The server of all purposes that have none of their own: nothing is evicted, all is kept."""
    its = settings.redis
    return RedisServer(
        name=settings.redis_name,
        path="redis",
        memory=its.memory,
        reservation=its.reservation,
        cpu=its.cpu,
        cpu_weight=its.cpu_weight,
        storage=its.storage,
        named=its.volume,
        databases=its.databases,
        expose=its.expose,
        generation=its.generation,
    )


def of_purpose(settings: Settings, purpose: str) -> RedisServer:
    """The server of one purpose in the unified place."""
    its = settings.redis.servers[purpose]
    return RedisServer(
        name=its.name or f"{settings.prefix}-redis-{purpose}",
        path=f"redis.servers.{purpose}",
        memory=its.memory,
        reservation=its.reservation,
        cpu=its.cpu,
        cpu_weight=its.cpu_weight,
        storage=its.storage,
        named=its.volume,
        databases={purpose: its.number},
        eviction=its.eviction,
        persistence=its.persistence,
        expose=its.expose,
        generation=its.generation,
        purpose=purpose,
    )


def own(settings: Settings, app: str) -> RedisServer:
    """An app's own server, with every purpose on it: as the shared one, and what the app says itself."""
    its = settings.apps[app].redis_server
    return RedisServer(
        name=its.name or f"{settings.prefix}-{app}-redis",
        path=f"apps.{app}.redis_server",
        memory=its.memory or settings.redis.memory,
        reservation=its.reservation or settings.redis.reservation,
        cpu=its.cpu or settings.redis.cpu,
        cpu_weight=its.cpu_weight or settings.redis.cpu_weight,
        storage=its.storage or settings.redis.storage,
        named=its.volume,
        databases=settings.redis.numbers,
        eviction=its.eviction,
        persistence=its.persistence,
        expose=its.expose,
        generation=its.generation,
        app=app,
    )


def unified(settings: Settings) -> dict[str, RedisServer]:
    """The servers on the data tier that apps there use, by key; the shared one first."""
    used = {purpose for its in places.apps_in(settings, "unified").values() for purpose in its.redis}
    found = [shared(settings)] if used - settings.redis.servers.keys() else []
    found += [of_purpose(settings, purpose) for purpose in settings.redis.servers if purpose in used]
    return {server.key: server for server in found}


def declared(settings: Settings) -> dict[str, RedisServer]:
    """Every server of the stack by key."""
    apps = [app for app, its in places.apps_in(settings, "isolated").items() if its.redis]
    return {**unified(settings), **{server.key: server for server in (own(settings, app) for app in apps)}}


def serving(settings: Settings, app: str) -> dict[str, str]:
    """The key of the server that each of an app's purposes is served from."""
    if places.serving(settings, app) == "isolated":
        return dict.fromkeys(settings.apps[app].redis, server_key("redis", app))
    return {purpose: server_key("redis", None, on_its_own(settings, purpose)) for purpose in settings.apps[app].redis}


def on_its_own(settings: Settings, purpose: str) -> str | None:
    """The purpose where it has a server of its own in the unified place, else None."""
    return purpose if purpose in settings.redis.servers else None
