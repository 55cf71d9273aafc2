"""A small stack file that goes through all shapes: an app with both stores, one with each kind, one without any."""

from __future__ import annotations

import copy
from typing import Any

_SMALL: dict[str, Any] = {
    "prefix": "small",
    "images": {"source": "debian", "postgres": 17, "redis": 8},
    "network": {
        "data": {"internal": True, "subnet": "172.26.10.0/24", "apps": "172.26.64.0/20"},
        "backend": {"internal": True, "subnet": "172.26.20.0/24", "publish": "loopback", "ports": "4000-4999"},
        "frontend": {"subnet": "172.26.30.0/24", "publish": "public", "ports": "3000-3999"},
    },
    "postgres": {"image": "postgres:17", "resources": {"memory": "256Mi", "cpu": 1}, "connections": 100},
    "redis": {"image": "redis:8", "memory": "64Mi", "databases": {"cache": 0, "queue": 1}},
    "apps": {
        "shop": {
            "postgres": {"database": "shop", "extensions": ["vector"]},
            "redis": ["cache", "queue"],
            "service": {"tier": "backend", "port": "4001:8000"},
        },
        "blog": {"postgres": {"database": "blog"}, "service": {"tier": "backend", "port": "4002:8000"}},
        "feed": {"redis": ["queue"], "service": {"tier": "backend", "port": "4003:8000"}},
        "site": {"service": {"tiers": ["frontend", "backend"], "port": "3001:3000", "env": {"API_URL": "http://shop:8000/"}}},
    },
}  # fmt: skip


def small(topology: str = "unified", **apps: dict[str, Any]) -> dict[str, Any]:
    """The stack file in a shape; `apps` adds keys to the apps of these names, or whole apps."""
    raw = copy.deepcopy(_SMALL)
    raw["topology"] = topology
    for app, keys in apps.items():
        raw["apps"].setdefault(app, {}).update(keys)
    return raw


def mixed() -> dict[str, Any]:
    """Unified, but for an app of its own server, one that is being moved, and one that is retired."""
    raw = small(blog={"dedicated": True}, shop={"keep": ["isolated"]})
    raw["retired"] = ["feed"]
    return raw


def using(topology: str = "unified") -> dict[str, Any]:
    """The blog's database is the shop's second one."""
    return small(topology, shop={"uses": {"LEGACY_DATABASE_URL": "blog"}})


def outside(**keys: Any) -> dict[str, Any]:
    """Unified, but for an app whose database is on a server that somebody else runs; `keys` are that server's."""
    server = {"host": "db.example.com", "admin": "boss", "password": {"env": "BOSS"}, "sslmode": "require", **keys}
    database = {"database": "wiki", "extensions": ["hstore"], "limits": {"lock_timeout": "1s"}}
    service = {"tier": "backend", "port": "4004:8000"}
    wiki = {"postgres": {**database, "server": {"external": server}}, "redis": ["cache"], "service": service}
    return small(wiki=wiki)


def monitored(topology: str = "unified", **keys: Any) -> dict[str, Any]:
    """With a pooler and a purpose's own Redis server, all of them watched; `keys` are the monitoring's."""
    raw = small(topology)
    raw["postgres"]["pooler"] = {"clients": 100}
    raw["redis"]["servers"] = {"hot": {"memory": "32Mi", "number": 5}}
    raw["apps"]["shop"]["redis"].append("hot")
    return {**raw, "monitoring": keys}
