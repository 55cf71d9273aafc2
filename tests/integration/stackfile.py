"""A stack file for the tests, made from Pulumi.dev.yaml so that both stacks run on one host at once.

Owns the choice of prefix, names, subnets and host ports. What a stack file may say belongs to the program.
"""

from __future__ import annotations

import copy
import os
import socket
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network
from typing import Any

import docker
import yaml

from tests.integration.project import REPOSITORY

PREFIX = f"dttest-{os.getpid()}"
IMAGES = {"source": "debian", "postgres": 17, "redis": 8}
_FAR = 37  # processes that were started one after the other are far apart
REFERENCES = (f"data-tier/postgres:{IMAGES['postgres']}", f"data-tier/redis:{IMAGES['redis']}", "data-tier/probe:1")


def settings(client: docker.DockerClient | None = None) -> dict[str, Any]:
    """The configuration of Pulumi.dev.yaml with names, subnets and ports of its own; `client` sees what is taken."""
    config: dict[str, Any] = yaml.safe_load((REPOSITORY / "Pulumi.dev.yaml").read_text())["config"]
    return moved(config, PREFIX, client)


def moved(config: Mapping[str, Any], prefix: str, client: docker.DockerClient | None = None) -> dict[str, Any]:
    """A stack file's configuration beside everything else on the host.

    Prefix and `prefix-` before every name, subnets that are free, and host ports moved by one number for all of them.
    """
    found = {key: value for key, value in copy.deepcopy(dict(config)).items() if key != "data-tier:running"}
    found |= {"data-tier:prefix": prefix, "data-tier:images": dict(IMAGES)}
    networks = [*found["data-tier:network"].values(), *found["data-tier:apps"].values()]
    tiers = [its for its in networks if "subnet" in its]
    for its, subnet in zip(tiers, free_subnets(client, len(tiers)), strict=True):
        its["subnet"] = str(subnet)
    found["data-tier:network"]["data"]["apps"] = str(free_pool(client))
    sections = list(_sections(found))
    for section in sections:
        for key in ("name", "volume"):
            if key in section:
                section[key] = f"{prefix}-{section[key]}"
    shift = _free_shift([port for section in sections for port in _ports(section)])
    for section in sections:
        if "port" in section:
            outside, inside = section["port"].split(":")
            section["port"] = f"{int(outside) + shift}:{inside}"
        if "expose" in section:
            section["expose"] += shift
    return found


def _sections(config: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Every section of a server or service, which may have a name and a port of the host."""
    shared = [
        config[f"data-tier:{store}"] for store in ("postgres", "redis", "mongo") if f"data-tier:{store}" in config
    ]
    yield from shared
    yield from (purpose for its in shared for purpose in its.get("servers", {}).values())
    for app in config["data-tier:apps"].values():
        own = (app.get(store, {}) for store in ("postgres", "mongo"))
        yield from (its["server"] for its in own if "server" in its)
        yield from (app[key] for key in ("service", "redis_server") if key in app)


def _ports(section: Mapping[str, Any]) -> Iterator[int]:
    if "port" in section:
        yield int(section["port"].split(":")[0])
    if "expose" in section:
        yield section["expose"]


def free_port(first: int, last: int) -> int:
    """A host port of a range that nobody listens on."""
    return next(port for port in (first + place for place in _from_own_place(last + 1 - first)) if _is_free(port))


def free_subnets(client: docker.DockerClient | None, count: int) -> list[IPv4Network]:
    """Subnets that no network of the host has, outside of those that Docker chooses by itself."""
    return _free(client, count, (IPv4Network(f"10.64.{third}.0/24") for third in _from_own_place(256)))


def free_pool(client: docker.DockerClient | None) -> IPv4Network:
    """Subnets for apps' own networks: as many as by default, so that names of two apps don't lead to the same one."""
    return _free(client, 1, (IPv4Network(f"10.{65 + second}.0.0/16") for second in _from_own_place(63)))[0]


def _from_own_place(count: int) -> list[int]:
    """All of them, from another one in each process: what is free now another run may take before this one does."""
    return [(os.getpid() * _FAR + step) % count for step in range(count)]


def _free(client: docker.DockerClient | None, count: int, candidates: Iterator[IPv4Network]) -> list[IPv4Network]:
    taken = []
    for network in client.networks.list() if client else []:
        for config in (network.attrs.get("IPAM") or {}).get("Config") or []:
            if ":" not in config.get("Subnet", ":"):
                taken.append(IPv4Network(config["Subnet"]))
    free = (one for one in candidates if not any(one.overlaps(other) for other in taken))
    return [next(free) for _ in range(count)]


def _free_shift(ports: list[int]) -> int:
    """By how much all the ports can be moved: at most 900, so that each stays in its tier's range."""
    for shift in (100 + 20 * place for place in _from_own_place(40)):
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
