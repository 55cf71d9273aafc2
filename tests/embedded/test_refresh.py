"""Drift, on a real daemon: what a refresh finds, what it changes, and what the next `up` mends."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator

import docker
import pytest
from docker.errors import NotFound

from tests.embedded.conftest import Workspace

pytestmark = pytest.mark.integration

Make = Callable[[str], Workspace]
PROGRAM = """
import pulumi_docker as docker
name = config.require("name")
made = docker.Volume("data", name=f"{name}-data", labels=[docker.VolumeLabelArgs(label="data-tier.test", value="1")])
net = docker.Network("net", name=f"{name}-net", internal=True,
    labels=[docker.NetworkLabelArgs(label="data-tier.test", value="1")])
random.RandomId("suffix", byte_length=2, keepers={"volume": made.name})
pulumi.export("volume", made.name)
"""


class Drifting:
    """A stack with a volume and a network of names of its own, and the daemon to change them behind its back."""

    def __init__(self, stack: Workspace, name: str) -> None:
        self.stack, self.name, self.daemon = stack, name, docker.from_env()

    def remove_network(self) -> None:
        """Drift: somebody removes the network."""
        self.daemon.networks.get(f"{self.name}-net").remove()


@pytest.fixture
def drifting(workspace: Make) -> Iterator[Drifting]:
    """The stack, up; removed at the end."""
    found = Drifting(workspace(PROGRAM), f"refresh-{uuid.uuid4().hex[:6]}")
    found.stack.set("name", found.name)
    try:
        found.stack.up()
        yield found
    finally:
        for collection, name in ((found.daemon.networks, "net"), (found.daemon.volumes, "data")):
            try:
                collection.get(f"{found.name}-{name}").remove()
            except NotFound:
                continue


def test_a_refresh_without_drift_changes_nothing(drifting: Drifting) -> None:
    drifting.stack.pulumi("refresh", "--yes", "--skip-preview")  # brings what only a read knows
    before = drifting.stack.resources()
    result = drifting.stack.pulumi("refresh", "--yes", "--skip-preview", "--expect-no-changes")
    assert "4 unchanged" in result.out, "stack, volume, network and value; default providers are not shown"
    assert drifting.stack.resources() == before
    assert drifting.stack.steps() == {}, "a refresh is no reason for an update"


def test_what_is_gone_leaves_the_state_and_comes_back_with_the_next_up(drifting: Drifting) -> None:
    drifting.remove_network()
    assert drifting.stack.steps() == {}, "without a refresh nobody looks"
    shown = drifting.stack.pulumi("refresh", "--preview-only", "--diff").out
    assert "- docker:index/network:Network: (delete)" in shown
    assert "--outputs:--" in shown
    assert "net" in drifting.stack.resources(), "a preview changes nothing"
    result = drifting.stack.pulumi("refresh", "--yes", "--skip-preview")
    assert "docker:index:Network net deleted" in result.out
    assert "net" not in drifting.stack.resources()
    assert "+ 1 created" in drifting.stack.up().out
    assert drifting.daemon.networks.get(f"{drifting.name}-net").attrs["Internal"] is True


def test_up_with_refresh_finds_and_mends_in_one_run(drifting: Drifting) -> None:
    drifting.remove_network()
    plan = json.loads(drifting.stack.pulumi("preview", "--refresh", "--json").out)
    assert {step["op"] for step in plan["steps"]} >= {"delete", "create"}
    out = drifting.stack.up("--refresh").out
    assert out.index("net refreshing") < out.index("net created")
    assert drifting.stack.steps() == {}


def test_drift_is_shown_with_the_value_that_was_found(drifting: Drifting) -> None:
    drifting.remove_network()
    drifting.daemon.networks.create(f"{drifting.name}-net", internal=False, labels={"data-tier.test": "1"})
    drifting.stack.pulumi("refresh", "--yes", "--skip-preview")
    assert "net" not in drifting.stack.resources(), "another network of the same name is not this one: its id differs"
    result = drifting.stack.up(ok=False)
    assert "exists already and is not in this stack's state" in result.out


def test_refreshing_a_target_leaves_the_others_alone(drifting: Drifting) -> None:
    drifting.remove_network()
    volume = drifting.stack.resources()["data"]["urn"]
    out = drifting.stack.pulumi("refresh", "--yes", "--skip-preview", "--target", volume).out
    assert "1 unchanged" in out
    assert "net" in drifting.stack.resources()
    missing = drifting.stack.pulumi("refresh", "--yes", "--skip-preview", "--target", volume + "x", ok=False)
    assert missing.code == 1
    assert f"Target '{volume}x' could not be found in the stack" in missing.out


def test_a_network_that_exists_is_imported_by_id_with_the_program_that_would_declare_it(drifting: Drifting) -> None:
    name = f"{drifting.name}-data2"
    drifting.daemon.volumes.create(name, labels={"data-tier.test": "1"})
    try:
        result = drifting.stack.pulumi("import", "docker:index/volume:Volume", "second", name, "--yes", "--no-protect")
        assert "= 1 imported" in result.out
        assert f"name={name!r}" in result.out
        code = result.out[result.out.index("import pulumi\n") :]
        drifting.stack.program(PROGRAM + code)
        assert drifting.stack.steps() == {}, "the printed program declares what was imported"
        again = drifting.stack.pulumi("import", "docker:index/volume:Volume", "second", name, "--yes", ok=False)
        assert "already exists in the stack" in again.out
        absent = drifting.stack.pulumi("import", "docker:index/volume:Volume", "third", f"{name}-no", "--yes", ok=False)
        assert "does not exist" in absent.out
        assert absent.code == 1
        drifting.stack.program(PROGRAM)
        assert "- 1 deleted" in drifting.stack.up().out
    finally:
        for volume in drifting.daemon.volumes.list(filters={"name": name}):
            volume.remove()
