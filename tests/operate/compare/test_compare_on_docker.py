"""`compare` and `diagram` on a running stack: what they declare is what Docker has, and idle memory comes in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.operate.conftest import PREFIX, Running
from tests.operate.svg import Picture

pytestmark = pytest.mark.integration
MEBIBYTE = 1024 * 1024


@pytest.fixture(scope="module")
def compared(running: Running) -> dict[str, Any]:
    """What `compare --json` says of the stack, which is unified with one app of its own servers."""
    found: dict[str, Any] = running.told("compare")
    return found


def test_the_containers_counted_are_those_that_docker_runs(running: Running, compared: dict[str, Any]) -> None:
    assert compared["topology"] == "unified"
    declared = {one["name"]: one for one in compared["shapes"]["unified"]["containers"]}
    found = running.host.containers()
    assert set(declared) == set(found)
    assert compared["shapes"]["unified"]["total"]["containers"] == len(found)
    for name, one in declared.items():
        limits = found[name].attrs["HostConfig"]
        assert (one["memory"], one["reservation"]) == (limits["Memory"], limits["MemoryReservation"])
        assert one["cpu"] == limits["NanoCpus"] / 1e9
        assert set(one["networks"]) == set(found[name].attrs["NetworkSettings"]["Networks"])
        bound = [port for ports in (limits["PortBindings"] or {}).values() for port in ports]
        assert [(port["address"], str(port["host"])) for port in one["published"]] == [
            (port["HostIp"], port["HostPort"]) for port in bound
        ]


def test_networks_and_data_volumes_are_those_that_docker_has(running: Running, compared: dict[str, Any]) -> None:
    unified = compared["shapes"]["unified"]
    assert {network["name"] for network in unified["networks"]} == set(running.host.networks())
    data = {name for name in running.host.volumes() if not name.endswith("-secrets")}
    assert {volume["name"] for volume in unified["volumes"]} == data


def test_connections_are_those_of_the_running_servers(running: Running, compared: dict[str, Any]) -> None:
    shown = running.operate("psql", "shop", "--", "-tAc", "show max_connections").out
    servers = {one["name"]: one for one in compared["shapes"]["unified"]["containers"]}
    assert servers[f"{PREFIX}-postgres-unified"]["connections"] == int(shown)


def test_idle_memory_of_what_is_up_is_measured_and_the_rest_is_named(compared: dict[str, Any]) -> None:
    unified, isolated = (compared["shapes"][shape] for shape in ("unified", "isolated"))
    measured = unified["measured"]
    assert measured["whole"]
    assert measured["up"] == unified["total"]["containers"]
    assert sum(measured["by_kind"].values()) == measured["memory"] == sum(measured["containers"].values())
    assert 10 * MEBIBYTE < measured["by_kind"]["postgres"] < unified["by_kind"]["postgres"]["memory"]
    assert not isolated["measured"]["whole"]
    assert set(isolated["measured"]["not_up"]) == {f"{PREFIX}-shop-postgres", f"{PREFIX}-shop-redis"}


def test_what_is_stopped_is_told_as_not_measured(running: Running) -> None:
    running.operate("stop", "front")
    try:
        said = running.operate("compare").out
        assert f"unified: not up and not measured: {PREFIX}-front" in said
        assert "up)" in said
    finally:
        running.operate("start", "front")


def test_the_pictures_have_everything_that_runs(running: Running, tmp_path: Path) -> None:
    chart, picture = tmp_path / "chart.svg", tmp_path / "picture.svg"
    running.operate("compare", "--chart", str(chart))
    running.operate("diagram", "--out", str(picture))
    assert any("memory in use now" in label.text for label in Picture(chart.read_text()).labels)
    drawn = Picture(picture.read_text())
    assert sorted(drawn.data("container")) == sorted(running.host.containers())
    assert drawn.overlapping() == Picture(chart.read_text()).overlapping() == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["compare", "--chart", "chart.png"], "pictures are written as SVG; name the file chart.svg"),
        (["compare", "--file", "nowhere.yaml"], "nowhere.yaml is missing"),
        (["compare", "--chart", "/nowhere/chart.svg"], "/nowhere/chart.svg can't be written"),
        (["diagram", "--both", "--shape", "isolated"], "give one of them"),
        (["diagram", "--shape", "round"], "--shape round is neither of isolated, unified"),
    ],
)
def test_bad_input_is_one_clear_error(running: Running, arguments: list[str], said: str) -> None:
    done = running.operate(*arguments, ok=False)
    assert done.code == 1
    assert said in done.err
    assert done.err.count("error:") == 1
    assert "Traceback" not in done.text
