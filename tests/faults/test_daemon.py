"""A Docker daemon that dies, comes back, or answers no more while containers are being made."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from tests import busybox
from tests.embedded.conftest import Workspace
from tests.faults.cuts import UP
from tests.faults.dockerd import Daemon
from tests.faults.stack import Going

pytestmark = pytest.mark.integration

Make = Callable[[str], Workspace]
NAMES = [f"box-{number}" for number in range(8)]
PROGRAM = f"""
import pulumi_docker as docker
net = docker.Network("net", name="net", internal=True)
for name in {NAMES}:
    docker.Container(name, name=name, image="{busybox.IMAGE}", command=["sleep", "86400"], must_run=True,
        networks_advanced=[docker.ContainerNetworksAdvancedArgs(name=net.name)], opts=Opts(delete_before_replace=True))
"""


@pytest.fixture(scope="module")
def own_daemon() -> Iterator[Daemon]:
    daemon = Daemon()
    try:
        busybox.ensure(daemon.client())
        yield daemon
    finally:
        daemon.close()


@pytest.fixture
def stack(workspace: Make, own_daemon: Daemon) -> Iterator[Workspace]:
    made = workspace(PROGRAM)
    made.env["DOCKER_HOST"] = own_daemon.host
    try:
        yield made
    finally:
        made.pulumi("destroy", "--yes", "--skip-preview")


def _all_is_there_once(stack: Workspace, daemon: Daemon) -> None:
    found = Counter(name for one in daemon.client().containers() for name in one["Names"])
    assert found == {f"/{name}": 1 for name in NAMES}
    ids = {one["Names"][0][1:]: one["Id"] for one in daemon.client().containers()}
    assert {name: stack.resources()[name]["id"] for name in NAMES} == ids
    assert "pending_operations" not in stack.state()
    stack.pulumi("preview", "--expect-no-changes")


def test_a_daemon_that_crashed_in_mid_run_is_taken_as_it_comes_back(stack: Workspace, own_daemon: Daemon) -> None:
    going = Going(stack, "", *UP).until("box-0 creating")
    time.sleep(0.3)  # seconds; some are made by now, and some are not
    own_daemon.kill()
    result = going.result()
    own_daemon.start()
    assert result.code == 1, result.out + result.err
    assert "the Docker daemon stopped answering" in result.out
    stack.up()
    _all_is_there_once(stack, own_daemon)
