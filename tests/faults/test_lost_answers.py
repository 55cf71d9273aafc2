"""A request that got through and whose answer was lost: what it made is found by the next run."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable, Iterator

import docker
import pytest
from docker.errors import NotFound

from tests import busybox
from tests.embedded.conftest import Workspace
from tests.faults.lossy import LossySocket

pytestmark = pytest.mark.integration

Make = Callable[[str], Workspace]
PROGRAM = f"""
import pulumi_docker as docker
name = config.require("name")
net = docker.Network("net", name=name, internal=True)
volume = docker.Volume("volume", name=name)
docker.Container("box", name=name, image="{busybox.IMAGE}", command=["sleep", "86400"], must_run=True,
    networks_advanced=[docker.ContainerNetworksAdvancedArgs(name=net.name)], opts=Opts(delete_before_replace=True))
"""


@pytest.fixture
def stack(workspace: Make) -> Iterator[Workspace]:
    busybox.ensure(docker.APIClient())
    made, name = workspace(PROGRAM), f"flt-{secrets.token_hex(3)}"
    made.set("name", name)
    daemon = docker.from_env()
    try:
        yield made
    finally:
        with contextlib.suppress(NotFound):
            daemon.containers.get(name).remove(force=True)
        for left in (daemon.networks, daemon.volumes):
            with contextlib.suppress(NotFound):
                left.get(name).remove()
        daemon.close()


@pytest.mark.parametrize("lost", ["/networks/create", "/containers/create", "/start HTTP"])
def test_what_was_made_behind_a_lost_answer_is_found_by_the_next_run(stack: Workspace, lost: str) -> None:
    with contextlib.closing(LossySocket(lost)) as lossy:
        stack.env["DOCKER_HOST"] = lossy.host
        result = stack.up(ok=False)
        assert result.code == 1, f"the answer to {lost} was not lost: {result.out}"
        assert "the Docker daemon stopped answering" in result.out
        stack.up()
        assert "pending_operations" not in stack.state()
        stack.pulumi("preview", "--expect-no-changes")
        stack.pulumi("destroy", "--yes", "--skip-preview")
