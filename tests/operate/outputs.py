"""Outputs of a stack with one app of each kind, as the program writes them: shop is unified, wiki isolated."""

from __future__ import annotations

import copy
from typing import Any

from operate.stack import Stack, parse


def _server(kind: str, app: str | None, name: str, address: str, network: str) -> dict[str, Any]:
    port = {"postgres": 5432, "redis": 6379}[kind]
    return {
        "kind": kind, "app": app, "name": name, "address": address, "port": port, "admin": "admin", "major": 17,
        "network": network, "volume": f"{name}-data", "secrets": f"{name}-secrets",
    }  # fmt: skip


def _network(name: str, *, internal: bool = True, publish: str | None = None) -> dict[str, Any]:
    through = name.replace("-tier", "-publish") if publish and internal else None
    return {"name": name, "internal": internal, "publish": publish, "publish_network": through}


def _service(name: str, publish: str | None, port: int) -> dict[str, Any]:
    return {
        "name": name, "image": "data-tier/probe:1", "stands_in_for": None, "tiers": ["backend"],
        "url": f"http://127.0.0.1:{port}/" if publish else None, "publish": publish, "redis": {}, "secrets": None,
    }  # fmt: skip


def _held(place: str, **more: Any) -> dict[str, Any]:
    held = {"database": "db", "redis": [], "places": [place], "serving": place, "retired": False, "purging": False}
    return {**held, **more}


_OUTPUTS: dict[str, Any] = {
    "prefix": "t",
    "running": True,
    "topology": "unified",
    "servers": {
        "postgres": _server("postgres", None, "t-postgres", "10.0.0.2", "t-data-tier"),
        "redis": _server("redis", None, "t-redis", "10.0.0.3", "t-data-tier"),
        "postgres-wiki": _server("postgres", "wiki", "t-wiki-postgres", "10.0.1.2", "t-wiki-data"),
    },
    "databases": {
        "shop": {"database": "shop_db", "roles": [], "extensions": [], "server": "postgres", "places": ["unified"]},
        "wiki": {
            "database": "wiki_db", "roles": [], "extensions": [], "server": "postgres-wiki", "places": ["isolated"],
        },
        "mail": {"database": "mail_db", "roles": [], "extensions": [], "server": "postgres", "places": ["unified"]},
    },
    "redis_users": {"shop": {"server": "redis", "purposes": {"cache": 0, "queue": 2}}},
    "networks": {
        "data": _network("t-data-tier"),
        "backend": _network("t-backend-tier", publish="loopback"),
        "frontend": _network("t-frontend-tier", internal=False, publish="public"),
        "data-wiki": _network("t-wiki-data"),
    },
    "services": {
        "shop": _service("t-shop", "loopback", 4000),
        "wiki": _service("t-wiki", None, 0),
        "front": _service("t-front", "public", 3000),
    },
    "stand_ins": [],
    "apps": {"shop": _held("unified"), "wiki": _held("isolated"), "mail": _held("unified", retired=True)},
    "secrets": "[secret]",
}  # fmt: skip


def outputs(**changed: Any) -> dict[str, Any]:
    """The outputs with some of them changed."""
    return {**copy.deepcopy(_OUTPUTS), **changed}


def stack(**changed: Any) -> Stack:
    """The stack that the outputs tell about."""
    return parse("dev", outputs(**changed))
