"""Resources made here have the outputs that the official plugin recorded for the same inputs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from embedded.providers.docker import DockerProvider

pytestmark = pytest.mark.integration
FIXTURE = Path(__file__).parents[3] / "fixtures" / "docker_calls.json"
CONTAINER = "docker:index/container:Container"
NETWORK = "docker:index/network:Network"
VOLUME = "docker:index/volume:Volume"


def recorded(name, method="Create"):
    """Inputs and outputs of a recorded call."""
    calls = json.loads(FIXTURE.read_text())
    call = next(item for item in calls if (item["name"], item["method"], item["preview"]) == (name, method, False))
    return call["request"].get("properties") or call["request"]["inputs"], call["response"]["properties"]


def renamed(value, names):
    """`value` with every name replaced, so that a test's own resources can be made from a recording."""
    text = json.dumps(value)
    for old, new in names.items():
        text = text.replace(json.dumps(old), json.dumps(new))
    return json.loads(text)


@pytest.fixture
def names(bench, image):
    return {
        "ref-web": bench.name("web"),
        "ref-data": bench.name("data"),
        "ref-edge": bench.name("edge"),
        "ref-db-data": bench.name("volume"),
        "scram-fill": bench.name("fill"),
        "scram-sec": bench.name("volume"),
        "local/postgres:17": image,
        "172.29.10.0/24": f"{bench.lans[2]}.0/24",
        "172.29.10.1": f"{bench.lans[2]}.1",
    }


def test_a_container_on_two_networks(bench, names):
    bench.create(NETWORK, name=names["ref-data"], ipamConfigs=[{"subnet": f"{bench.lans[0]}.0/24"}])
    bench.create(NETWORK, name=names["ref-edge"], ipamConfigs=[{"subnet": f"{bench.lans[1]}.0/24"}])
    inputs, expected = (renamed(part, names) for part in recorded("web"))
    id, _, outputs = bench.create(CONTAINER, **{key: value for key, value in inputs.items() if key != "__defaults"})
    assert outputs["hostname"] == id[:12]
    assert [item["networkName"] for item in outputs["networkDatas"]] == [names["ref-data"], names["ref-edge"]]
    own = ("id", "hostname", "networkDatas")
    assert {key: value for key, value in outputs.items() if key not in own} == {
        key: value for key, value in expected.items() if key not in own
    }


def test_a_one_shot_that_fills_a_volume(bench, names):
    bench.create(VOLUME, name=names["scram-sec"])
    inputs, expected = (renamed(part, names) for part in recorded("fill"))
    inputs["command"] = expected["command"] = ["cp /in/admin /out/admin"]
    id, _, outputs = bench.create(CONTAINER, **{key: value for key, value in inputs.items() if key != "__defaults"})
    assert outputs["exitCode"] == 0
    # the recording's image has a stop signal of its own, this one has none
    own = ("id", "hostname", "stopSignal")
    assert {key: value for key, value in outputs.items() if key not in own} == {
        key: value for key, value in expected.items() if key not in own
    }
    assert outputs["id"] == id


def test_a_volume(bench, names):
    inputs, expected = (renamed(part, names) for part in recorded("db-data"))
    _, _, outputs = bench.create(VOLUME, **{key: value for key, value in inputs.items() if key != "__defaults"})
    assert outputs.pop("mountpoint").endswith(f"/{names['ref-db-data']}/_data")
    expected.pop("mountpoint")
    assert outputs == expected


def test_an_internal_network_after_its_creation_and_after_a_read(bench, names):
    inputs, expected = (renamed(part, names) for part in recorded("net-data"))
    id, new, outputs = bench.create(NETWORK, **{key: value for key, value in inputs.items() if key != "__defaults"})
    assert outputs == {**expected, "id": id}
    found = bench.provider.read(NETWORK, id, new, outputs)
    assert found is not None
    expected = renamed(recorded("net-data", "Read")[1], names)
    assert found.outputs == {**expected, "id": id}


def test_an_update_answers_planned_outputs(bench, names, image):
    """memorySwap that Docker chose goes to zero in the state, so that one update settles it."""
    inputs, created = recorded("web")
    call = next(
        item for item in json.loads(FIXTURE.read_text()) if (item["method"], item["preview"]) == ("Update", False)
    )
    id, _, _ = bench.create(CONTAINER, name=names["ref-web"], image=image, command=["sleep", "60"], memory=64)
    after = DockerProvider().update(CONTAINER, id, inputs, created, inputs, preview=False, timeout=None)
    assert after == call["response"]["properties"]
