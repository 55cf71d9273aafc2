"""What a stack tells about itself: enough for `operate` to say what came up. Passwords only inside one secret."""

from __future__ import annotations

from typing import Any

import pulumi

from components import redis as redis_component
from components.config import Settings
from components.config.models import PROBE_IMAGE
from components.naming import RoleNames, publish_network, tier_network
from components.postgres.server import PORT as POSTGRES_PORT
from components.topology import Topology, addresses


def exports(topology: Topology) -> dict[str, Any]:
    """The stack's outputs by name."""
    settings = topology.settings
    return {
        "prefix": settings.prefix,
        "running": settings.running,
        "servers": _servers(settings),
        "databases": _databases(settings),
        "networks": _networks(settings),
        "services": {app: _service(settings, app) for app in topology.services},
        "stand_ins": [app for app in topology.services if settings.service_image(app) == PROBE_IMAGE],
        "secrets": _secrets(topology),
    }


def _servers(settings: Settings) -> dict[str, Any]:
    data = addresses(settings)
    kinds = {
        "postgres": (
            settings.postgres_name,
            data.postgres,
            POSTGRES_PORT,
            settings.postgres.admin,
            settings.postgres_major,
        ),
        "redis": (settings.redis_name, data.redis, redis_component.PORT, "admin", settings.redis_major),
    }
    return {
        kind: {
            "name": name,
            "address": address,
            "port": port,
            "admin": admin,
            "major": major,
            "network": tier_network(settings.prefix, "data"),
            "volume": f"{name}-data",
            "secrets": f"{name}-secrets",
        }
        for kind, (name, address, port, admin, major) in kinds.items()
    }


def _databases(settings: Settings) -> dict[str, Any]:
    return {
        app: {
            "database": its.postgres.database,
            "roles": list(RoleNames(its.postgres.database).all),
            "extensions": list(its.postgres.extensions),
        }
        for app, its in settings.apps.items()
        if its.postgres
    }


def _networks(settings: Settings) -> dict[str, Any]:
    return {
        tier: {
            "name": tier_network(settings.prefix, tier),
            "internal": its.internal,
            "publish": its.publish,
            "publish_network": publish_network(settings.prefix, tier) if its.internal and its.publish else None,
        }
        for tier, its in settings.network.items()
    }


def _service(settings: Settings, app: str) -> dict[str, Any]:
    service, its = settings.apps[app].service, settings.apps[app]
    if service is None:
        raise ValueError(f"{app} has no service")
    return {
        "name": settings.service_name(app),
        "image": settings.service_image(app),
        "stands_in_for": service.image if settings.service_image(app) != service.image else None,
        "tiers": [*service.all_tiers, *(["data"] if its.has_stores else [])],
        "url": f"http://127.0.0.1:{service.port.host}/" if service.port else None,
        "publish": settings.network[service.home].publish if service.port else None,
        "redis": {purpose: settings.redis.databases[purpose] for purpose in its.redis},
        "secrets": f"{settings.service_name(app)}-secrets" if its.has_stores else None,
    }


def _secrets(topology: Topology) -> pulumi.Output[Any]:
    databases = topology.postgres.databases
    return pulumi.Output.secret(
        {
            "postgres_admin_password": topology.postgres.server.admin_password,
            "redis_admin_password": topology.redis.admin_password,
            "migrate_urls": {app: its.migrate_url for app, its in databases.items()},
        }
    )
