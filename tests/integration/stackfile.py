"""A stack file for the tests, made from Pulumi.dev.yaml so that both stacks run on one host at once.

Owns the choice of prefix, names, subnets and host ports. What a stack file may say belongs to the program.
"""

from __future__ import annotations

import copy
import os
import socket
from ipaddress import IPv4Network
from typing import Any

import docker
import yaml

from tests.integration.project import REPOSITORY

PREFIX = f"dttest-{os.getpid()}"
IMAGES = {"source": "debian", "postgres": 17, "redis": 8}
REFERENCES = (f"data-tier/postgres:{IMAGES['postgres']}", f"data-tier/redis:{IMAGES['redis']}", "data-tier/probe:1")
_TIERS = ("data", "backend", "frontend", "admin")


def settings(client: docker.DockerClient | None = None) -> dict[str, Any]:
    """The configuration of Pulumi.dev.yaml with names, subnets and ports of its own; `client` sees what is taken."""
    config: dict[str, Any] = yaml.safe_load((REPOSITORY / "Pulumi.dev.yaml").read_text())["config"]
    config = {key: value for key, value in copy.deepcopy(config).items() if key != "data-tier:running"}
    config |= {"data-tier:prefix": PREFIX, "data-tier:images": dict(IMAGES)}
    for tier, subnet in zip(_TIERS, free_subnets(client, len(_TIERS)), strict=True):
        config["data-tier:network"][tier]["subnet"] = str(subnet)
    for server in ("postgres", "redis"):
        _rename(config[f"data-tier:{server}"])
    services = [app["service"] for app in config["data-tier:apps"].values() if "service" in app]
    published = [service for service in services if "port" in service]
    shift = _free_shift([int(service["port"].split(":")[0]) for service in published])
    for service in services:
        _rename(service)
    for service in published:
        outside, inside = service["port"].split(":")
        service["port"] = f"{int(outside) + shift}:{inside}"
    return config


def free_port(first: int, last: int) -> int:
    """A host port of a range that nobody listens on."""
    return next(port for port in range(first, last + 1) if _is_free(port))


def _rename(section: dict[str, Any]) -> None:
    if "name" in section:
        section["name"] = f"{PREFIX}-{section['name']}"


def free_subnets(client: docker.DockerClient | None, count: int) -> list[IPv4Network]:
    """Subnets that no network of the host has."""
    taken = []
    for network in client.networks.list() if client else []:
        for config in (network.attrs.get("IPAM") or {}).get("Config") or []:
            if ":" not in config.get("Subnet", ":"):
                taken.append(IPv4Network(config["Subnet"]))
    candidates = (IPv4Network(f"172.{second}.{third}.0/24") for second in (27, 26, 25, 24) for third in range(200, 240))
    free = (one for one in candidates if not any(one.overlaps(other) for other in taken))
    return [next(free) for _ in range(count)]


def _free_shift(ports: list[int]) -> int:
    """By how much all the ports can be moved: at most 900, so that each stays in its tier's range."""
    for shift in range(100, 900, 20):
        if all(_is_free(port + shift) for port in ports):
            return shift
    raise RuntimeError(f"no shift of the ports {ports} is free on this host")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("0.0.0.0", port))
        except OSError:
            return False
    return True
