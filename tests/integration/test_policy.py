"""The policy pack as `./pulumiw` adds it: a public data port is refused before the container exists."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import docker
import pytest
from docker.errors import NotFound

from tests.integration.project import Project
from tests.integration.stackfile import IMAGES, PREFIX, free_port

pytestmark = pytest.mark.integration
NAME = f"{PREFIX}-policy"
_PROGRAM = """
import pulumi_docker as docker
network = docker.Network("network", name="{name}", internal=True)
volume = docker.Volume("data", name="{name}")
docker.Container(
    "store", name="{name}", image="data-tier/postgres:{major}", entrypoints=["sleep"], command=["300"],
    networks_advanced=[docker.ContainerNetworksAdvancedArgs(name=network.name)], destroy_grace_seconds=0,
    memory=64, memory_swap=64, restart="unless-stopped",
    healthcheck=docker.ContainerHealthcheckArgs(tests=["CMD", "true"]),
    volumes=[docker.ContainerVolumeArgs(volume_name=volume.name, container_path="/var/lib/postgresql/data")],
    ports=[docker.ContainerPortArgs(internal=5432, external={port}, ip={ip!r})],
)
"""
Publish = Callable[[str | None], Project]


@pytest.fixture
def publish(daemon: docker.DockerClient, tmp_path: Path) -> Iterator[Publish]:
    """Makes a project whose PostgreSQL container is published on an address; None for no address."""

    def make(ip: str | None) -> Project:
        program = _PROGRAM.format(name=NAME, major=IMAGES["postgres"], port=free_port(15432, 15532), ip=ip)
        project = Project(tmp_path, "config: {}\n", program)
        project.pulumi("stack", "init")
        return project

    yield make
    if exists(daemon):
        daemon.containers.get(NAME).remove(force=True, v=True)
    for left in (*daemon.networks.list(names=[f"^{NAME}$"]), *daemon.volumes.list(filters={"name": NAME})):
        left.remove()


def exists(daemon: docker.DockerClient) -> bool:
    try:
        daemon.containers.get(NAME)
    except NotFound:
        return False
    return True


@pytest.mark.parametrize("ip", [None, "0.0.0.0"])
def test_a_public_data_port_is_refused_before_the_container_exists(
    daemon: docker.DockerClient, publish: Publish, ip: str | None
) -> None:
    project = publish(ip)
    for command in (["preview"], ["up", "--yes"], ["up", "--yes", "--skip-preview"]):
        done = project.pulumi(*command, ok=False)
        assert done.code != 0, f"{command} went through:\n{done.text}"
        assert "refuse-published-data-port" in done.text
        assert "5432" in done.text, "the message names the port"
        assert not exists(daemon), f"{command} has created it all the same"


def test_a_data_port_on_loopback_passes(daemon: docker.DockerClient, publish: Publish) -> None:
    project = publish("127.0.0.1")
    project.pulumi("preview")
    project.pulumi("up", "--yes", "--skip-preview")
    assert exists(daemon)
    project.pulumi("destroy", "--yes", "--skip-preview")
    assert not exists(daemon)
