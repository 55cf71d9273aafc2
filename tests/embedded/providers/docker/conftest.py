"""A tiny image for tests on a real daemon, and a provider that cleans up after itself."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pytest
from docker import APIClient, DockerClient
from docker.utils import kwargs_from_env

from embedded.providers.docker import DockerProvider
from tests import busybox
from tests.integration.stackfile import free_subnets

CONTAINER = "docker:index/container:Container"


@pytest.fixture(scope="session")
def daemon() -> APIClient:
    return APIClient(version="auto", **kwargs_from_env())


@pytest.fixture(scope="session")
def image(daemon: APIClient) -> str:
    return busybox.ensure(daemon)


@dataclass
class Bench:
    """A provider whose resources are removed at the end, under names that nobody else has."""

    provider: DockerProvider
    prefix: str
    made: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)

    def name(self, role: str) -> str:
        return f"{self.prefix}-{role}"

    @cached_property
    def lans(self) -> list[str]:
        """The first three numbers of three subnets that no network of the host has."""
        return [str(subnet).rpartition(".")[0] for subnet in free_subnets(DockerClient.from_env(), 3)]

    def checked(self, type: str, **inputs: Any) -> dict[str, Any]:
        result = self.provider.check(type, "it", {}, inputs)
        assert result.failures == [], result.failures
        return result.inputs

    def create(self, type: str, **inputs: Any) -> tuple[str, dict[str, Any], dict[str, Any]]:
        """Id, checked inputs and outputs."""
        new = self.checked(type, **inputs)
        id, outputs = self.provider.create(type, "it", new, preview=False, timeout=None)
        self.made.append((type, id, outputs))
        return id, new, outputs


@pytest.fixture
def bench(daemon: APIClient) -> Iterator[Bench]:
    bench = Bench(DockerProvider(), f"dtt-{secrets.token_hex(3)}")
    yield bench
    for container in daemon.containers(all=True, filters={"name": bench.prefix}):
        daemon.remove_container(container["Id"], v=True, force=True)
    for type, id, outputs in reversed(bench.made):
        if type != CONTAINER:
            bench.provider.delete(type, id, {}, outputs, timeout=5)


@pytest.fixture
def run(daemon: APIClient) -> Callable[..., tuple[int, str]]:
    """Runs a command in a container; exit code and output."""

    def execute(container: str, *command: str) -> tuple[int, str]:
        made = daemon.exec_create(container, list(command))
        output = daemon.exec_start(made["Id"]).decode()
        return daemon.exec_inspect(made["Id"])["ExitCode"], output

    return execute
