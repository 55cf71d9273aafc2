"""The acceptance tests on real Docker: one stack of their own, built once, beside whatever else runs on the host.

Needs a Docker daemon and the server images; without a daemon every test here fails and says so.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import docker
import pytest
from docker.errors import DockerException, ImageNotFound

from tests.integration import stackfile
from tests.integration.daemon import Host
from tests.integration.project import Project
from tests.integration.stores import Stores

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Secrecy comes last: it looks at what all the other tests have left."""
    items.sort(key=lambda item: item.path == HERE / "test_secrecy.py")


@pytest.fixture(scope="session", autouse=True)
def daemon() -> docker.DockerClient:
    """A Docker daemon that answers."""
    try:
        client = docker.from_env()
        client.ping()
    except DockerException as error:
        pytest.fail(
            f"no Docker daemon answers ({type(error).__name__}), and these tests need a real one: "
            "`scripts/ensure-docker` starts one on Debian as root, or point DOCKER_HOST to yours",
            pytrace=False,
        )
    return client


def _require_images(client: docker.DockerClient) -> None:
    """Never builds one: other stacks on the host run images of these names."""
    for reference in stackfile.REFERENCES:
        try:
            client.images.get(reference)
        except ImageNotFound:
            pytest.fail(f"there is no image {reference} on this Docker host: `make images` builds it", pytrace=False)


@dataclass(frozen=True)
class Stack:
    """The stack under test: its project, and its host."""

    project: Project
    host: Host

    @property
    def config(self) -> dict[str, Any]:
        """The stack file's keys, as it is now."""
        found: dict[str, Any] = self.project.edit()["config"]
        return found

    @property
    def services(self) -> dict[str, Any]:
        """The services by app, as the stack tells about them."""
        found: dict[str, Any] = self.project.outputs()["services"]
        return found

    @cached_property
    def stores(self) -> Stores:
        """Addresses and credentials; the tests never change them."""
        return Stores.of(self.project.resources(), self.config)


@pytest.fixture(scope="session")
def stack(daemon: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """BizOSaaS as Pulumi.dev.yaml has it, up, under names, subnets and ports of its own; purged at the end."""
    _require_images(daemon)
    host = Host(daemon, stackfile.PREFIX)
    project = Project(tmp_path_factory.mktemp("stack"), stackfile.settings(daemon))
    try:
        project.pulumi("stack", "init")
        project.pulumi("up", "--yes")
        yield Stack(project, host)
        project.operate("down", "--purge")
        left = [*host.containers(ended=True), *host.networks(), *host.volumes()]
        assert left == [], "a purged stack must leave nothing behind"
    finally:
        if host.containers(ended=True) or host.networks() or host.volumes():
            warnings.warn(f"{stackfile.PREFIX} wasn't purged by its own means; removing what is left", stacklevel=1)
            host.remove_everything()
