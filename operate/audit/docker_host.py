"""What runs on a Docker host as resources: containers, networks, volumes, and a swarm's services.

Owns the asking. What an answer means is in `inspected` and `swarm`, which ask nobody.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import docker
from docker.errors import APIError, DockerException, NotFound

from operate import daemon
from operate.audit import inspected, swarm
from operate.audit.errors import InputError
from operate.audit.resources import Resource, Source
from operate.errors import OperateError


def read(only: str | None = None) -> Source:
    """Everything on the host, or only what a stack's label names. Raises InputError where no daemon answers."""
    try:
        client = daemon.connect()
        with closing(client):
            return _looked(client, only)
    except (OperateError, DockerException) as error:
        raise InputError(str(error)) from None


def _looked(client: docker.DockerClient, only: str | None) -> Source:
    filters = {"label": f"{daemon.STACK_LABEL}={only}"} if only else {}
    containers = [inspected.container(one) for one in _containers(client, filters)]
    networks = [
        inspected.network(one)
        for one in client.api.networks(filters=filters)
        if one["Name"] not in inspected.PREDEFINED
    ]
    volumes = [inspected.volume(one) for one in client.api.volumes(filters=filters)["Volumes"] or ()]
    notes, services = _services(client, filters)
    name = f"Docker at {daemon.url()}" + (f", stack {only}" if only else "")
    return Source(kind="docker", name=name, resources=[*containers, *services, *networks, *volumes], notes=notes)


def _containers(client: docker.DockerClient, filters: dict[str, str]) -> Iterator[dict[str, Any]]:
    """Each container, running or not, without a swarm's tasks: their service speaks for them."""
    for one in client.api.containers(all=True, filters=filters):
        if "com.docker.swarm.service.id" in (one.get("Labels") or {}):
            continue
        try:
            yield client.api.inspect_container(one["Id"])
        except NotFound:
            continue  # gone meanwhile


def _services(client: docker.DockerClient, filters: dict[str, str]) -> tuple[list[str], list[Resource]]:
    info = client.info().get("Swarm") or {}
    if info.get("LocalNodeState") != "active":
        return [], []
    try:
        names = {one["Id"]: one["Name"] for one in client.api.networks()}
        return [], [swarm.service(one, names) for one in client.api.services(filters=filters)]  # type: ignore[no-untyped-call]
    except APIError:
        return ["this node is a worker of a swarm: ask a manager about its services"], []
