"""Stack files for the figures: generated ones of any size, and the dev stack's under other names.

Owns names, subnets and ports that no other stack on the host has. What a stack file may say belongs to the program.
"""

from __future__ import annotations

import copy
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any, Final, Literal

import yaml

REPOSITORY: Final = Path(__file__).parents[1]
PREFIX: Final = "bench"
IMAGES: Final = {"source": "debian", "postgres": 17, "redis": 8}
Shape = Literal["unified", "isolated"]

_CONNECTIONS: Final = 1  # of each app's login; five more are added for migrations, and ten for the server itself
_FIRST_PORT: Final = 20000
_POOL: Final = IPv4Network("10.232.0.0/16")  # Docker's own choices are in 172.16.0.0/12 and 192.168.0.0/16
_NETWORK: Final[dict[str, Any]] = {
    "data": {"internal": True, "subnet": "10.231.10.0/24"},
    "backend": {"internal": True, "subnet": "10.231.20.0/24", "publish": "loopback", "ports": "20000-20999"},
}


def generated(apps: int, shape: Shape, *, capacity: int, services: bool) -> dict[str, Any]:
    """The configuration of `apps` apps, all alike: a database with an extension, a Redis purpose and maybe a service.

    `capacity` is how many apps the shared server is sized for, so that it stays the same while apps are added.
    """
    config: dict[str, Any] = {
        "data-tier:prefix": PREFIX,
        "data-tier:topology": shape,
        "data-tier:protect": False,
        "data-tier:images": dict(IMAGES),
        "data-tier:network": copy.deepcopy(_NETWORK),
        "data-tier:postgres": {
            "image": "pgvector/pgvector:pg17",
            "resources": {"memory": "1Gi", "cpu": 2},
            "connections": max(20, capacity * (_CONNECTIONS + 5) + 10),
        },
        "data-tier:redis": {"image": "redis:8", "memory": "256Mi", "databases": {"cache": 0}},
        "data-tier:apps": {f"app{number}": _app(number, services=services) for number in range(apps)},
    }
    if shape == "isolated":
        _give_subnets(config)
    return config


def _app(number: int, *, services: bool) -> dict[str, Any]:
    app: dict[str, Any] = {
        "postgres": {"database": f"app{number}", "extensions": ["vector"], "connections": _CONNECTIONS},
        "redis": ["cache"],
    }
    if services:
        app["service"] = {"tier": "backend", "port": f"{_FIRST_PORT + number}:8000"}
    return app


def _give_subnets(config: dict[str, Any]) -> None:
    """Each app's network in order, as chance would make two of hundreds clash."""
    config["data-tier:network"]["data"]["apps"] = str(_POOL)
    for app, subnet in zip(config["data-tier:apps"].values(), _POOL.subnets(new_prefix=28), strict=False):
        app["subnet"] = str(subnet)


def dev() -> dict[str, Any]:
    """The configuration of Pulumi.dev.yaml under the benchmarks' prefix, with subnets and ports of its own."""
    config: dict[str, Any] = yaml.safe_load((REPOSITORY / "Pulumi.dev.yaml").read_text())["config"]
    config |= {"data-tier:prefix": PREFIX, "data-tier:images": dict(IMAGES), "data-tier:protect": False}
    for third, tier in zip((10, 20, 30, 40), config["data-tier:network"].values(), strict=True):
        tier["subnet"] = f"10.231.{third}.0/24"
    for server in ("postgres", "redis"):
        config[f"data-tier:{server}"].pop("name", None)
    for app in config["data-tier:apps"].values():
        _move(app.get("service", {}))
    return config


def _move(service: dict[str, Any]) -> None:
    service.pop("name", None)
    if "port" in service:
        host, inside = service["port"].split(":")
        service["port"] = f"{int(host) + 500}:{inside}"  # stays in its tier's range
