"""The inventory is what `up` would build: held against every registration of the same stack file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from operate import declared
from operate.declared import Inventory
from operate.errors import OperateError
from tests.components.recording import Graph, build_from
from tests.components.samples import mixed, small
from tests.operate.shapes import both, stack_file

MEBIBYTE = 1024 * 1024
ONE_SHOT = "-secrets-fill"


def exposed() -> dict[str, Any]:
    """A stack file with a relay to the shared server, and an app that is being moved."""
    raw = small(shop={"keep": ["isolated"]}, blog={"dedicated": True})
    raw["postgres"]["expose"] = 15999
    raw["postgres"]["resources"]["reservation"], raw["redis"]["reservation"] = "128Mi", "32Mi"
    raw["apps"]["site"]["service"]["reservation"] = "64Mi"
    return raw


@pytest.fixture(
    scope="module",
    params=[small(), small("isolated"), mixed(), exposed()],
    ids=["unified", "isolated", "mixed", "exposed"],
)
def pair(request: pytest.FixtureRequest) -> tuple[Inventory, Graph]:
    """A stack file's inventory, and all that the program registers for it."""
    raw = request.param
    return declared.declare("test", stack_file(raw).settings()), build_from(raw)


def registered(graph: Graph) -> dict[str, Any]:
    """The inputs of the containers that go on running, by name."""
    inputs = [dict(one.inputs) for one in graph.of("Container").values()]
    return {one["name"]: one for one in inputs if not one["name"].endswith(ONE_SHOT)}


def test_every_container_is_there_with_its_limits_networks_and_ports(pair: tuple[Inventory, Graph]) -> None:
    inventory, graph = pair
    found = registered(graph)
    assert {one.name for one in inventory.containers} == set(found)
    for one in inventory.containers:
        its = found[one.name]
        assert one.memory == its["memory"] * MEBIBYTE
        assert one.reservation == its.get("memoryReservation", 0) * MEBIBYTE
        assert f"{one.cpu:g}" == its["cpus"]
        assert list(one.networks) == [joined["name"] for joined in its["networksAdvanced"]]
        ports = [(port["external"], port["internal"], port["ip"]) for port in its.get("ports", [])]
        assert [(port.host, port.container, port.address) for port in one.published] == ports
        assert set(one.volumes) == {mounted["volumeName"] for mounted in its.get("volumes", [])}


def test_every_network_is_there(pair: tuple[Inventory, Graph]) -> None:
    inventory, graph = pair
    found = {one.inputs["name"]: one.inputs for one in graph.of("Network").values()}
    assert {network.name: network.internal for network in inventory.networks} == {
        name: its.get("internal", False) for name, its in found.items()
    }


def test_every_data_volume_is_there_with_what_it_is_meant_to_hold(pair: tuple[Inventory, Graph]) -> None:
    inventory, graph = pair
    found = {one.inputs["name"] for one in graph.of("Volume").values()}
    assert {volume.name for volume in inventory.volumes} == {name for name in found if not name.endswith("-secrets")}
    assert {volume.storage for volume in inventory.volumes if volume.kind == "postgres"} == {20 * 1024 * MEBIBYTE}
    assert {volume.storage for volume in inventory.volumes if volume.kind == "redis"} <= {None}


def test_connections_are_those_that_the_server_is_started_with(pair: tuple[Inventory, Graph]) -> None:
    inventory, graph = pair
    for one in inventory.containers:
        flags = registered(graph)[one.name].get("command", [])
        told = [flag for flag in flags if str(flag).startswith("max_connections=")]
        assert told == ([f"max_connections={one.connections}"] if one.connections else [])
        assert (one.connections is not None) == (one.kind == "postgres")


def test_the_kinds_add_up_to_the_whole(pair: tuple[Inventory, Graph]) -> None:
    inventory, _ = pair
    kinds = inventory.by_kind.values()
    for name in ("containers", "memory", "cpu", "published_ports", "data_ports"):
        assert sum(getattr(one, name) for one in kinds) == pytest.approx(getattr(inventory.total, name)), name
    assert sum(one.connections or 0 for one in kinds) == inventory.total.connections
    assert sum(one.storage or 0 for one in kinds) == inventory.total.storage


def test_a_relay_to_a_server_is_a_data_port() -> None:
    raw = exposed()
    total = declared.declare("test", stack_file(raw).settings()).total
    assert (total.published_ports, total.data_ports) == (5, 1)


def test_reservations_add_up() -> None:
    total = declared.declare("test", stack_file(exposed()).settings()).total
    assert total.reservation == (3 * 128 + 2 * 32 + 64) * MEBIBYTE, "three PostgreSQL and two Redis servers, a service"


def test_a_shape_is_what_the_file_becomes_when_nothing_is_on_the_move() -> None:
    still, moving = both(small()), both(small(shop={"keep": ["isolated"], "serving": "isolated"}))
    for shape in declared.SHAPES:
        assert still[shape] == moving[shape]


def test_an_app_that_asks_for_servers_of_its_own_has_them_in_the_unified_shape_too() -> None:
    inventory = both(small(blog={"dedicated": True}))["unified"]
    assert {one.name for one in inventory.containers if one.kind == "postgres"} == {
        "small-postgres-unified",
        "small-blog-postgres",
    }


def test_a_stopped_stack_is_counted_as_it_is_when_up() -> None:
    assert declared.declare("test", stack_file({**small(), "running": False}).settings()).total == (
        declared.declare("test", stack_file(small()).settings()).total
    )


def test_a_file_that_breaks_a_rule_is_one_error_with_all_problems() -> None:
    raw = small(shop={"redis": ["nothing"]})
    raw["network"]["backend"]["ports"] = "1-2"
    with pytest.raises(OperateError, match=r"Pulumi\.test\.yaml: 4 problems") as found:
        stack_file(raw).settings("unified")
    assert "no unified shape" not in str(found.value)


def test_a_shape_that_the_file_can_not_have_is_named() -> None:
    raw = small("isolated")
    del raw["network"]["data"]["subnet"]
    file = stack_file(raw)
    assert file.settings("isolated").topology == "isolated"
    with pytest.raises(OperateError, match=r"has no unified shape yet(.|\n)*data-tier:network"):
        file.settings("unified")


@pytest.mark.parametrize("text", ["a: [", "- 1", "config: 3", "\x00", "{}"])
def test_a_file_that_is_no_stack_file_is_one_error(tmp_path: Path, text: str) -> None:
    path = tmp_path / "Pulumi.odd.yaml"
    path.write_text(text)
    with pytest.raises(OperateError, match=r"Pulumi\.odd\.yaml can't be read"):
        declared.read("odd", path)


def test_a_file_is_read_from_anywhere_and_a_missing_one_is_named(tmp_path: Path) -> None:
    path = tmp_path / "other.yaml"
    path.write_text(yaml.safe_dump({"config": {f"data-tier:{key}": value for key, value in small().items()}}))
    assert declared.read("dev", path).settings().prefix == "small"
    with pytest.raises(OperateError, match=r"gone\.yaml is missing"):
        declared.read("dev", tmp_path / "gone.yaml")
