"""What a stack tells about itself: enough for `operate`, and the ledger of what holds data for the next run.

Passwords only inside one secret.
"""

from __future__ import annotations

from typing import Any

import pulumi

from components import server_outputs
from components.config import Place, Settings, places, redis_servers
from components.config.ledger import Entry, entries
from components.config.models import PROBE_IMAGE
from components.config.places import external_apps
from components.naming import (
    POOLER_PORT,
    RoleNames,
    alertmanager_relay,
    exporter_name,
    mongo_login,
    monitoring_network,
    outlet_name,
    own_network,
    prometheus_name,
    publish_network,
    server_key,
    tier_network,
)
from components.topology import Topology


def exports(topology: Topology) -> dict[str, Any]:
    """The stack's outputs by name."""
    settings = topology.settings
    return {
        "prefix": settings.prefix,
        "running": settings.running,
        "topology": settings.topology,
        "servers": dict(server_outputs.servers(settings)),
        "external_servers": {
            server_key("postgres", app): server_outputs.external(settings, app) for app in external_apps(settings)
        },
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
    names = {key: its["name"] for key, its in server_outputs.servers(topology.settings) if its["kind"] != "mongo"}
    relay = alertmanager_relay(prefix)
    return {
        "prometheus": prometheus_name(prefix),
        "network": monitoring_network(prefix),
        "expose": asked.expose if asked else None,
        "exporters": {key: exporter_name(name) for key, name in names.items()},
        "relays": [relay, outlet_name(relay)] if asked and asked.alertmanager else [],
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
