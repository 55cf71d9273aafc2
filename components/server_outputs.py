"""The servers of a stack as its outputs tell of them: where each is, who its admin is, what belongs to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from components import mongo as mongo_component
from components import redis as redis_component
from components.config import Postgres, Settings, mongo_places, postgres_servers, redis_servers
from components.config.places import external_apps
from components.config.redis_servers import RedisServer
from components.naming import (
    backup_name,
    host_way_name,
    member_name,
    outlet_name,
    own_network,
    relay_name,
    tier_network,
)
from components.postgres.container import PORT as POSTGRES_PORT
from components.stores import own_addresses, redis_addresses, shared_addresses


def servers(settings: Settings) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each server of the stack by its key."""
    for postgres in postgres_servers.declared(settings):
        yield postgres.key, _postgres(settings, postgres)
    for key, redis in redis_servers.declared(settings).items():
        yield key, _redis(settings, redis)
    for mongo in mongo_places.declared(settings):
        yield mongo.server_key, _mongo(settings, mongo)


def _postgres(settings: Settings, its: postgres_servers.Declared) -> dict[str, Any]:
    server, name = its.server, its.name
    at = own_addresses(settings, its.app) if its.app else shared_addresses(settings)
    told = {
        "kind": "postgres",
        "address": at.postgres,
        "port": POSTGRES_PORT,
        "admin": server.admin,
        "major": settings.postgres_major,
        "expose": server.expose,
        "tls": settings.tls.enabled,
        "generation": server.generation,
    }
    where = _where(settings, name, its.app)
    saved = {"backup": backup_name(name)} if server.backed_up else {}
    return {**told, **where, **saved, "volume": its.volume, **_members(name, server)}


def _members(name: str, server: Postgres) -> dict[str, Any]:
    """The containers of a server that has members, and those that lead to its primary; which that is isn't known."""
    if server.standbys is None:
        return {}
    return {
        "members": [member_name(name, number) for number in range(1, 2 + server.standbys)],
        "ways": [name, host_way_name(name)],
        "synchronous": server.standby.synchronous,
    }


def external(settings: Settings, app: str) -> dict[str, Any]:
    """A server outside of the stack; `relay` and `outlet` are the containers on the way there."""
    its, relay = external_apps(settings)[app], relay_name(settings.prefix, app)
    return {
        "app": app,
        "host": its.host,
        "hostaddr": its.hostaddr,
        "port": its.port,
        "admin": its.admin,
        "sslmode": its.sslmode,
        "ca": its.ca,
        "major": settings.postgres_major,
        "relay": relay,
        "outlet": outlet_name(relay),
        "network": own_network(settings.prefix, app),
    }


def _redis(settings: Settings, server: RedisServer) -> dict[str, Any]:
    at = own_addresses(settings, server.app) if server.app else shared_addresses(settings)
    told = {
        "kind": "redis",
        "purpose": server.purpose,
        "persistence": server.persistence,
        "address": redis_addresses(at, server)[0],
        "port": redis_component.PORT,
        "admin": "admin",
        "major": settings.redis_major,
        "expose": server.expose,
        "tls": settings.tls.enabled,
        "generation": server.generation,
    }
    return {**told, **_where(settings, server.name, server.app), "volume": server.volume}


def _mongo(settings: Settings, its: mongo_places.Declared) -> dict[str, Any]:
    at = own_addresses(settings, its.app) if its.app else shared_addresses(settings)
    told = {
        "kind": "mongo",
        "address": at.mongo,
        "port": mongo_component.PORT,
        "admin": its.server.admin,
        "major": settings.mongo_major,
        "expose": its.server.expose,
        "tls": settings.tls.enabled,
        "stand_in": settings.images.source == "debian",
        "generation": its.server.generation,
    }
    return {**told, **_where(settings, its.name, its.app), "volume": its.volume}


def _where(settings: Settings, name: str, app: str | None) -> dict[str, Any]:
    return {
        "app": app,
        "name": name,
        "network": own_network(settings.prefix, app) if app else tier_network(settings.prefix, "data"),
        "secrets": f"{name}-secrets",
    }
