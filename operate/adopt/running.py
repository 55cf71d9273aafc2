"""Containers on a Docker host as a `Project`. Owns the asking; what an answer means is in `inspected`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Network
from typing import Any, Final

import docker
from docker.errors import APIError, ImageNotFound, NotFound

from operate import daemon
from operate.adopt import inspected
from operate.adopt.unit import Project, Unit
from operate.errors import OperateError

ALL: Final = "all"


def read(names: Sequence[str], client: docker.DockerClient) -> Project:
    """The named containers, or all that run and are of no stack. Raises OperateError for one that isn't there."""
    seen = _every(client) if not names or list(names) == [ALL] else [_one(client, name) for name in names]
    if not seen:
        raise OperateError("no container runs here but those of stacks: name one that is stopped, or start them")
    projects = {inspected.project(one) for one in seen}
    units = _distinct([inspected.unit(one, _image(client, one)) for one in seen])
    networks = client.api.networks()
    return Project(
        name=(projects.pop() if len(projects) == 1 else None) or "adopted",
        source=f"{len(units)} containers at {daemon.url()}",
        units=units,
        internal=frozenset(one["Name"] for one in networks if one.get("Internal")),
        live=True,
        taken_names=frozenset(
            name.lstrip("/") for one in client.api.containers(all=True) for name in one["Names"] or ()
        ),
        taken_subnets=list(_subnets(networks)),
        sizes=_sizes(client),
    )


def _every(client: docker.DockerClient) -> list[dict[str, Any]]:
    found = []
    for one in client.api.containers():
        if daemon.STACK_LABEL in (one.get("Labels") or {}):
            continue
        try:
            found.append(client.api.inspect_container(one["Id"]))
        except NotFound:
            continue  # gone meanwhile
    return sorted(found, key=lambda one: str(one["Name"]))


def _one(client: docker.DockerClient, name: str) -> dict[str, Any]:
    try:
        seen: dict[str, Any] = client.api.inspect_container(name)
    except NotFound:
        raise OperateError(f"there is no container {name} on this host: `docker ps -a` lists them") from None
    stack = (seen["Config"].get("Labels") or {}).get(daemon.STACK_LABEL)
    if stack:
        raise OperateError(f"{name} is of the stack {stack} already: there is nothing to adopt")
    return seen


def _image(client: docker.DockerClient, seen: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        found: Mapping[str, Any] = client.api.inspect_image(seen["Image"])  # type: ignore[no-untyped-call]
    except ImageNotFound:
        return {}  # deleted under it: all that it has counts as its own
    return found


def _distinct(units: Sequence[Unit]) -> list[Unit]:
    """Containers of one compose service are one unit: the first speaks for them."""
    return list({unit.name: unit for unit in reversed(units)}.values())[::-1]


def _subnets(networks: Sequence[Mapping[str, Any]]) -> list[IPv4Network]:
    texts = [its.get("Subnet") or "" for one in networks for its in (one.get("IPAM") or {}).get("Config") or ()]
    return [IPv4Network(text) for text in texts if text and ":" not in text]


def _sizes(client: docker.DockerClient) -> dict[str, int]:
    """Bytes by volume, as far as the daemon measures them."""
    try:
        volumes = client.df().get("Volumes") or ()
    except APIError:
        return {}
    known = ((one["Name"], (one.get("UsageData") or {}).get("Size", -1)) for one in volumes)
    return {name: size for name, size in known if size >= 0}
