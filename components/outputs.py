"""What a stack tells about itself: enough for `operate`, and the ledger of what holds data for the next run.

Passwords only inside one secret.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pulumi

from components import mongo as mongo_component
from components import redis as redis_component
from components.config import Place, Postgres, Settings, mongo_places, places, redis_servers
from components.config.ledger import Entry, entries
from components.config.models import PROBE_IMAGE
from components.config.places import external_apps
from components.config.redis_servers import RedisServer
from components.naming import (
    POOLER_PORT,
    RoleNames,
    alertmanager_relay,
    backup_name,
    exporter_name,
    host_way_name,
    member_name,
    mongo_login,
    monitoring_network,
    outlet_name,
    own_network,
    prometheus_name,
    publish_network,
    relay_name,
    server_key,
    tier_network,
)
from components.network import DataAddresses
from components.postgres.container import PORT as POSTGRES_PORT
from components.stores import own_addresses, redis_addresses, shared_addresses
from components.topology import Topology


def exports(topology: Topology) -> dict[str, Any]:
    """The stack's outputs by name."""
    settings = topology.settings
    return {
        "prefix": settings.prefix,
        "running": settings.running,
        "topology": settings.topology,
        "servers": dict(_servers(settings)),
        "external_servers": {server_key("postgres", app): _external(settings, app) for app in external_apps(settings)},
        "poolers": _poolers(topology),
        "databases": _databases(settings),
        "redis_users": _redis_users(settings),
        "mongo_users": _mongo_users(settings),
        "readers": _readers(topology),
        "networks": {**_tiers(topology), **_own_networks(settings)},
        "services": {app: _service(settings, app) for app in topology.services},
        "stand_ins": [app for app in topology.services if settings.service_image(app) == PROBE_IMAGE],
        "apps": {app: _held(entry) for app, entry in entries(settings).items()},
        **({"monitoring": _monitoring(topology)} if topology.prometheus else {}),
        "ca": topology.tls.ca if topology.tls else None,
        "secrets": _secrets(topology),
    }


def _held(entry: Entry) -> dict[str, Any]:
    """As the ledger writes it; the outputs of a stack without MongoDB are as they were before there was any."""
    return entry.model_dump(mode="json", exclude=None if entry.mongo else {"mongo"})


def _servers(settings: Settings) -> Iterator[tuple[str, dict[str, Any]]]:
    unified = places.apps_in(settings, "unified").values()
    if any(its.postgres for its in unified):
        yield server_key("postgres"), _postgres(settings, settings.postgres, shared_addresses(settings))
    for app in places.own_postgres_apps(settings):
        server = _postgres(settings, places.own_postgres(settings, app), own_addresses(settings, app), app)
        yield server_key("postgres", app), server
    for key, redis in redis_servers.declared(settings).items():
        yield key, _redis(settings, redis)
    for mongo in mongo_places.declared(settings):
        yield mongo.server_key, _mongo(settings, mongo)


def _postgres(settings: Settings, server: Postgres, at: DataAddresses, app: str | None = None) -> dict[str, Any]:
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
    where = _where(settings, server.name or settings.postgres_name, app)
    name = where["name"]
    saved = {"backup": backup_name(name)} if server.backed_up else {}
    return {**told, **where, **saved, "volume": settings.postgres_volume(server), **_members(name, server)}


def _members(name: str, server: Postgres) -> dict[str, Any]:
    """The containers of a server that has members, and those that lead to its primary; which that is isn't known."""
    if server.standbys is None:
        return {}
    return {
        "members": [member_name(name, number) for number in range(1, 2 + server.standbys)],
        "ways": [name, host_way_name(name)],
        "synchronous": server.standby.synchronous,
    }


def _external(settings: Settings, app: str) -> dict[str, Any]:
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


def _poolers(topology: Topology) -> dict[str, dict[str, Any]]:
    """The poolers by the key of their servers."""
    return {
        key: {
            "name": its.hostname,
            "address": its.address,
            "port": POOLER_PORT,
            "mode": its.settings.mode,
            "clients": its.settings.clients,
            "processes": its.settings.count,
        }
        for key, its in topology.poolers().items()
    }


def _monitoring(topology: Topology) -> dict[str, Any]:
    """Prometheus, and the exporter of each server by its key."""
    prefix, asked = topology.settings.prefix, topology.settings.monitoring
    names = {key: its["name"] for key, its in _servers(topology.settings) if its["kind"] != "mongo"}
    relay = alertmanager_relay(prefix)
    return {
        "prometheus": prometheus_name(prefix),
        "network": monitoring_network(prefix),
        "expose": asked.expose if asked else None,
        "exporters": {key: exporter_name(name) for key, name in names.items()},
        "relays": [relay, outlet_name(relay)] if asked and asked.alertmanager else [],
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


def _key(settings: Settings, kind: str, app: str) -> str:
    """The key of the server that an app is served from."""
    place: Place = places.serving(settings, app)
    return server_key(kind, app if place == "isolated" else None)


def _databases(settings: Settings) -> dict[str, Any]:
    return {
        app: {
            "database": its.postgres.database,
            "roles": list(RoleNames(its.postgres.database).all),
            "extensions": list(its.postgres.extensions),
            "server": _key(settings, "postgres", app),
            "places": list(places.places(settings, app)),
            "row_level_security": rls.model_dump() if (rls := its.postgres.row_level_security) else None,
        }
        for app, its in settings.apps.items()
        if its.postgres
    }


def _redis_users(settings: Settings) -> dict[str, Any]:
    return {
        app: {
            "server": redis_servers.serving(settings, app)[its.redis[0]],
            "servers": redis_servers.serving(settings, app),
            "purposes": {purpose: settings.redis.numbers[purpose] for purpose in its.redis},
        }
        for app, its in settings.apps.items()
        if its.redis
    }


def _mongo_users(settings: Settings) -> dict[str, Any]:
    return {
        app: {
            "database": its.mongo.database,
            "users": [mongo_login(app, "a"), mongo_login(app, "b")],
            "server": _key(settings, "mongo", app),
        }
        for app, its in settings.apps.items()
        if its.mongo
    }


def _readers(topology: Topology) -> dict[str, Any]:
    return {
        name: {"apps": list(urls), "generation": topology.settings.readers[name].generation}
        for name, urls in topology.readers.items()
    }


def _tiers(topology: Topology) -> dict[str, Any]:
    settings = topology.settings
    return {
        tier: {
            "name": tier_network(settings.prefix, tier),
            "internal": its.internal,
            "publish": its.publish,
            "publish_network": publish_network(settings.prefix, tier) if its.internal and its.publish else None,
        }
        for tier, its in settings.network.items()
        if tier in topology.networks.names
    }


def _own_networks(settings: Settings) -> dict[str, Any]:
    told = {"internal": True, "publish": None, "publish_network": None}
    return {
        f"data-{app}": {"name": own_network(settings.prefix, app), **told}
        for app in places.apps_in(settings, "isolated")
    }


def _service(settings: Settings, app: str) -> dict[str, Any]:
    service, its = settings.apps[app].service, settings.apps[app]
    if service is None:
        raise ValueError(f"{app} has no service")
    owners = dict.fromkeys([*([app] if its.has_stores else []), *its.uses.values()])
    data = dict.fromkeys(
        f"data-{owner}" if places.serving(settings, owner) == "isolated" else "data" for owner in owners
    )
    return {
        "name": settings.service_name(app),
        "image": settings.service_image(app),
        "stands_in_for": service.image if settings.service_image(app) != service.image else None,
        "tiers": [*service.all_tiers, *data],
        "url": f"http://127.0.0.1:{service.port.host}/" if service.port else None,
        "publish": settings.network[service.home].publish if service.port else None,
        "redis": {purpose: settings.redis.numbers[purpose] for purpose in its.redis},
        "uses": dict(its.uses),
        "secrets": f"{settings.service_name(app)}-secrets" if owners or service.secrets else None,
    }


def _secrets(topology: Topology) -> pulumi.Output[Any]:
    serving = {app: used for app in topology.stores if (used := topology.serving(app))}
    urls = {app: topology.urls(app) for app in topology.settings.apps}
    return pulumi.Output.secret(
        {
            "admin_passwords": {key: server.admin_password for key, server in topology.servers.items()},
            "pooler_consoles": {key: its.console_password for key, its in topology.poolers().items()},
            "urls": {app: its for app, its in urls.items() if its},
            "reader_urls": topology.readers,
            "migrate_urls": {app: its.database.migrate_url for app, its in serving.items() if its.database},
        }
    )
