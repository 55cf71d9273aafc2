"""Host ports and subnets of the stack file that something else on this machine has already."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterator, Sequence
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import docker

from operate import daemon
from operate.doctor.finding import Finding, fail, ok
from operate.doctor.stack_file import StackFile

_ROUTES = Path("/proc/net/route")
_DEFAULT_ROUTE = "00000000"


def ports(file: StackFile, client: docker.DockerClient | None) -> Sequence[Finding]:
    """Each host port that can't be bound, unless this stack's own container has it."""
    owners = dict(_published(client)) if client else {}
    findings = []
    for app, port in file.ports():
        stack, container = owners.get(port, ("", ""))
        if stack == file.prefix != "" or not (container or _is_bound(port)):
            continue
        who = f"container {container}" if container else "another process"
        todo = f"stop it, or give data-tier:apps.{app}.service.port another one"
        findings.append(fail("ports", f"{port} of {app} is in use by {who}", todo))
    return findings or [ok("ports", f"{len(list(file.ports()))} of the stack file free or its own")]


def subnets(file: StackFile, client: docker.DockerClient | None) -> Sequence[Finding]:
    """Each subnet of the file that overlaps one of another network or a route of this machine."""
    taken = [*(_networks(client, file.prefix) if client else []), *_routes(_bridges(client))]
    findings = [
        fail("subnets", f"{key} = {subnet} overlaps {other} of {who}", _other(key))
        for key, subnet in file.subnets()
        for who, other in taken
        if subnet.overlaps(other)
    ]
    return findings or [ok("subnets", f"{len(list(file.subnets()))} of the stack file free or its own")]


def _other(key: str) -> str:
    pool = ", or data-tier:network.data.apps another range" if key.startswith("apps.") else ""
    return f"give data-tier:{key} another one{pool}"


def _published(client: docker.DockerClient) -> Iterator[tuple[int, tuple[str, str]]]:
    """Host ports of running containers, with the stack and the name of each."""
    for container in client.containers.list():
        for bindings in (container.attrs["NetworkSettings"]["Ports"] or {}).values():
            for binding in bindings or []:
                stack = container.labels.get(daemon.STACK_LABEL, "")
                yield int(binding["HostPort"]), (stack, str(container.name))


def _is_bound(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("0.0.0.0", port))  # noqa: S104  closed again at once; a listener on any address shows
        except OSError as error:
            return error.errno == errno.EADDRINUSE
    return False


def _networks(client: docker.DockerClient, prefix: str) -> Iterator[tuple[str, IPv4Network]]:
    for network in client.networks.list():
        if _labels(network.attrs).get(daemon.STACK_LABEL) == prefix:
            continue
        for config in (network.attrs.get("IPAM") or {}).get("Config") or []:
            if "." in config.get("Subnet", ""):
                yield f"Docker network {network.name}", IPv4Network(config["Subnet"])


def _bridges(client: docker.DockerClient | None) -> set[str]:
    """The interfaces of Docker's networks, which are looked at as networks."""
    found = client.networks.list() if client else []
    return {"docker0", *(f"br-{str(network.id)[:12]}" for network in found)}


def _routes(without: set[str]) -> Iterator[tuple[str, IPv4Network]]:
    """What this machine reaches by itself; Linux only, elsewhere nothing."""
    lines = _ROUTES.read_text().splitlines()[1:] if _ROUTES.exists() else []
    for interface, destination, *rest in (line.split() for line in lines):
        if interface not in without and destination != _DEFAULT_ROUTE:
            yield f"a route through {interface}", IPv4Network((_address(destination), _address(rest[5])))


def _address(text: str) -> str:
    """An address that the kernel prints as a little-endian number."""
    return str(socket.inet_ntoa(bytes.fromhex(text)[::-1]))


def _labels(attributes: dict[str, Any]) -> dict[str, str]:
    return attributes.get("Labels") or {}
