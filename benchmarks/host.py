"""The Docker host of the benchmarks: whether there is one, and that nothing of an earlier run is on it."""

from __future__ import annotations

from typing import Any

import docker
from docker.errors import DockerException

from benchmarks.stackfile import PREFIX


class NoHostError(Exception):
    """No Docker daemon answers; the text says so."""


def cleared() -> Any:
    """A client of the daemon, after everything under the benchmarks' prefix is gone. Raises NoHostError."""
    try:
        client = docker.from_env()
        client.ping()
    except DockerException as error:
        raise NoHostError(f"no Docker daemon answers ({type(error).__name__}): not measured") from None
    clear(client)
    return client


def clear(client: Any) -> None:
    """Remove what a run that was killed has left; others' objects carry another label."""
    mine = {"label": f"data-tier.stack={PREFIX}"}
    for container in client.containers.list(all=True, filters=mine):
        container.remove(force=True, v=True)
    for network in client.networks.list(filters=mine):
        network.remove()
    for volume in client.volumes.list(filters=mine):
        volume.remove(force=True)
