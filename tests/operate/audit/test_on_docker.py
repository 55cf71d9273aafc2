"""The audit of a real daemon: a container that publishes a data port to everybody is found, its neighbours aren't."""

from __future__ import annotations

import os
from collections.abc import Iterator

import docker
import pytest
from docker.errors import DockerException
from docker.models.containers import Container

from operate.audit.judge import Found
from operate.audit.run import Wanted, examine
from tests import busybox

pytestmark = pytest.mark.integration
PREFIX = f"audit-{os.getpid()}"
EXPOSED = "refuse-published-data-port"


@pytest.fixture(scope="module")
def client() -> Iterator[docker.DockerClient]:
    try:
        client = docker.from_env()
        client.ping()
    except DockerException as error:
        pytest.fail(f"no Docker daemon answers ({type(error).__name__}): these tests need a real one", pytrace=False)
    busybox.ensure(client.api)
    yield client
    for one in client.containers.list(all=True, filters={"label": f"data-tier.stack={PREFIX}"}):
        one.remove(force=True)
    client.close()


def running(client: docker.DockerClient, name: str, **options: object) -> Container:
    return client.containers.run(
        busybox.IMAGE,
        ["sleep", "600"],
        name=f"{PREFIX}-{name}",
        detach=True,
        init=True,
        labels={"data-tier.stack": PREFIX},
        environment={"POSTGRES_PASSWORD": "correct-horse"},
        **options,  # type: ignore[arg-type]
    )


def found(only: str = PREFIX) -> list[Found]:
    return [
        one for one in examine(Wanted(docker=True, only=only)).found if one.resource.startswith(f"Container {PREFIX}")
    ]


def test_a_data_port_that_everybody_reaches_is_found_and_one_on_loopback_is_not(client):
    running(client, "open", ports={"5432/tcp": ("0.0.0.0", None)})
    running(client, "random", ports={"6379/tcp": None})
    running(client, "loopback", ports={"5432/tcp": ("127.0.0.1", None)})
    running(client, "closed")
    exposed = {one.resource.rpartition("-")[2] for one in found() if one.rule == EXPOSED}
    assert exposed == {"open", "random"}
    assert exposed == {one.resource.rpartition("-")[2] for one in found(only="") if one.rule == EXPOSED}
    assert "correct-horse" not in repr(found())


def test_a_stopped_container_is_judged_by_what_it_will_publish(client):
    container = running(client, "stopped", ports={"5432/tcp": ("0.0.0.0", None)})
    container.stop(timeout=0)
    assert EXPOSED in {one.rule for one in found() if one.resource.endswith("-stopped")}
    container.remove()


def test_what_another_stack_has_is_left_out_when_only_one_is_wanted(client):
    assert found(only=f"{PREFIX}-other") == []
