"""What a killed run has left half-done is found by name, and adopted or removed by the next run."""

from __future__ import annotations

import contextlib
import json
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import docker
import pytest
from docker.errors import NotFound

from tests import busybox
from tests.busybox import IMAGE
from tests.embedded.conftest import Workspace

pytestmark = pytest.mark.integration

Make = Callable[[str], Workspace]
PROGRAM = f"""
import pulumi_docker as docker
name = config.require("name")
label = dict(label="data-tier.test", value="1")
net = docker.Network("net", name=name, labels=[docker.NetworkLabelArgs(**label)])
if config.get_bool("container"):
    docker.Container("box", name=name, image="{IMAGE}", command=["sleep", "600"], must_run=True, network_mode=net.name,
        labels=[docker.ContainerLabelArgs(**label)], opts=Opts(delete_before_replace=True))
"""


class Cut:
    """A stack whose last run looks as if it had been killed in the middle of one operation."""

    def __init__(self, stack: Workspace, name: str) -> None:
        self.stack, self.name, self.daemon = stack, name, docker.from_env()

    @property
    def file(self) -> Path:
        """The checkpoint."""
        return next((self.stack.root / "state").rglob("test.json"))

    def cut_short(self, resource: str, kind: str) -> None:
        """Write the checkpoint as it is between the beginning and the end of an operation."""
        document = json.loads(self.file.read_text())
        latest = document["checkpoint"]["latest"]
        entry = next(item for item in latest["resources"] if item["urn"].endswith(f"::{resource}"))
        latest["pending_operations"] = [{"resource": _begun(entry, kind), "type": kind}]
        if kind == "creating":
            latest["resources"].remove(entry)
        self.file.write_text(json.dumps(document))

    def containers(self) -> list[Any]:
        """What is there under the name, running or not."""
        found: list[Any] = self.daemon.containers.list(all=True, filters={"name": f"^/{self.name}$"})
        return found


def _begun(entry: dict[str, Any], kind: str) -> dict[str, Any]:
    known = {"id", "outputs", "created", "modified"} if kind == "creating" else set()
    return {key: value for key, value in entry.items() if key not in known}


@pytest.fixture
def cut(workspace: Make) -> Iterator[Cut]:
    """The stack, and nothing of it on the daemon afterwards."""
    busybox.ensure(docker.APIClient())
    found = Cut(workspace(PROGRAM), f"pending-{uuid.uuid4().hex[:6]}")
    found.stack.set("name", found.name)
    try:
        yield found
    finally:
        for container in found.containers():
            container.remove(force=True)
        with contextlib.suppress(NotFound):
            found.daemon.networks.get(found.name).remove()


@pytest.mark.parametrize("command", [("up", "--yes", "--skip-preview"), ("refresh", "--yes", "--skip-preview")])
def test_a_network_that_was_made_and_not_written_down_is_adopted(cut: Cut, command: tuple[str, ...]) -> None:
    cut.stack.up()
    made = cut.daemon.networks.get(cut.name).id
    cut.cut_short("net", "creating")
    assert "interrupted while creating" in cut.stack.pulumi("preview").out
    out = cut.stack.pulumi(*command).out
    assert "net: interrupted while creating before; it had been made: adopted" in out
    assert cut.stack.resources()["net"]["id"] == made
    assert "pending_operations" not in cut.stack.state()
    assert cut.stack.steps() == {}


def test_a_half_made_container_is_removed_and_made_anew(cut: Cut) -> None:
    cut.stack.set("container", "true")
    cut.stack.up()
    before = cut.containers()[0]
    before.kill()  # made, and not running: as after a kill between create and start
    cut.cut_short("box", "creating")
    out = cut.stack.up().out
    assert "a half-made container was removed" in out
    (after,) = cut.containers()
    assert after.id != before.id
    assert after.status == "running"
    assert cut.stack.resources()["box"]["id"] == after.id


def test_a_foreign_container_under_the_name_is_left_alone_and_named(cut: Cut) -> None:
    cut.stack.set("container", "true")
    cut.stack.up()
    cut.cut_short("box", "creating")
    cut.containers()[0].remove(force=True)
    foreign = cut.daemon.containers.run(IMAGE, ["sleep", "601"], name=cut.name, detach=True)
    result = cut.stack.up(ok=False)
    assert result.code == 1
    assert f"held by container {foreign.id[:12]}" in result.out
    foreign.reload()
    assert foreign.status == "running", "another one's container is never touched"
    assert [item["type"] for item in cut.stack.state()["pending_operations"]] == ["creating"], "still not known"
    foreign.remove(force=True)
    assert "+ 1 created" in cut.stack.up().out


def test_a_creation_of_what_the_program_no_longer_declares_is_undone(cut: Cut) -> None:
    cut.stack.set("container", "true")
    cut.stack.up()
    cut.cut_short("box", "creating")
    cut.stack.set("container", "false")
    cut.stack.up()
    assert cut.containers() == []
    assert "pending_operations" not in cut.stack.state()


def test_a_deletion_that_had_got_through_is_seen_and_made_again_where_declared(cut: Cut) -> None:
    cut.stack.set("container", "true")
    cut.stack.up()
    cut.containers()[0].remove(force=True)
    cut.cut_short("box", "deleting")
    out = cut.stack.up().out
    assert "box: interrupted while deleting before; it is gone" in out
    (again,) = cut.containers()
    again.kill()  # stopped, and not removed: as after a kill in the middle of a deletion
    cut.cut_short("box", "deleting")
    assert "it is there; the state has what was found" in cut.stack.up().out
    (after,) = cut.containers()
    assert after.status == "running"
    assert cut.stack.steps() == {}


def test_destroying_takes_what_was_half_made_too(cut: Cut) -> None:
    cut.stack.up()
    cut.cut_short("net", "creating")
    cut.stack.pulumi("destroy", "--yes", "--skip-preview")
    with pytest.raises(NotFound):
        cut.daemon.networks.get(cut.name)
