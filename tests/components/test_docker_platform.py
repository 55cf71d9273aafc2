"""How the Docker platform writes resources, so that the official plugin finds no difference afterwards."""

from __future__ import annotations

import pulumi
import pytest

from components.platforms import Health, Join, NetworkSpec, Published, WorkloadSpec
from components.platforms.docker import DockerPlatform
from components.platforms.stopped import StoppedPlatform
from tests.components.recording import build_from, record
from tests.components.samples import small

OPTS = pulumi.ResourceOptions()


def platform() -> DockerPlatform:
    return DockerPlatform(stack_label="t", helper_image="data-tier/redis:8")


def workload(**more):
    spec = WorkloadSpec(
        name="w", image="i", memory=64, cpu=0.5, joins=[Join(network="n")], labels={"data-tier.component": "x"}, **more
    )
    graph = record(lambda: platform().workload("w", spec, OPTS))
    return graph.of("Container")["w"].inputs


def test_ports_are_ordered_by_the_port_inside_and_have_an_address():
    ports = [
        Published(host=1, container=9000, address="127.0.0.1"),
        Published(host=2, container=80, address="127.0.0.1"),
    ]
    assert [(port["internal"], port["ip"]) for port in workload(published=ports)["ports"]] == [
        (80, "127.0.0.1"),
        (9000, "127.0.0.1"),
    ]


def test_durations_of_a_health_check_are_spelled_as_go_prints_them():
    check = workload(health=Health(command=["CMD", "true"], interval=60, timeout=3))["healthcheck"]
    assert (check["interval"], check["timeout"]) == ("1m0s", "3s")


@pytest.mark.parametrize(("health", "waits"), [(Health(command=["CMD", "true"]), True), (None, None)])
def test_it_waits_only_where_there_is_a_health_check(health, waits):
    assert workload(health=health).get("wait") == waits


def test_swap_is_limited_with_memory():
    assert workload()["memory"] == workload()["memorySwap"] == 64


def test_capabilities_are_dropped_but_for_those_named():
    assert workload(capabilities=["SETUID", "CHOWN"])["capabilities"] == {
        "adds": ["CAP_CHOWN", "CAP_KILL", "CAP_SETUID"],
        "drops": ["ALL"],
    }


def test_one_image_is_one_resource_however_often_it_is_asked_for():
    def program() -> None:
        shared = platform()
        shared.image("a/b:1")
        shared.image("a/b:1")

    assert list(record(program).of("RemoteImage")) == ["image-a-b-1"]


def test_an_image_stays_on_the_host_when_its_resource_goes():
    graph = record(lambda: platform().image("a/b:1"))
    assert graph.of("RemoteImage")["image-a-b-1"].inputs["keepLocally"] is True


def test_secret_files_are_filled_by_a_container_without_network_that_ends():
    graph = record(lambda: platform().secret_files("s", "web", {"url": pulumi.Output.secret("hunter2")}, OPTS))
    fill = graph.of("Container")["s-fill"].inputs
    assert (fill["mustRun"], fill["networkMode"], fill["attach"]) == (False, "none", True)
    assert "hunter2" not in str({key: value for key, value in fill.items() if key != "uploads"})


def test_a_publish_network_keeps_its_containers_apart_and_on_loopback():
    spec = NetworkSpec(name="p", publish_only=True)
    graph = record(lambda: platform().network("p", spec, OPTS))
    options = {key.rsplit(".", 1)[1]: value for key, value in graph.of("Network")["p"].inputs["options"].items()}
    assert options == {"enable_icc": "false", "enable_ip_masquerade": "false", "host_binding_ipv4": "127.0.0.1"}
    assert not graph.of("Network")["p"].inputs["internal"]


def test_a_stopped_platform_declares_data_volumes_and_nothing_else():
    def program() -> None:
        stopped = StoppedPlatform(platform())
        stopped.volume("v", "v", {}, OPTS)
        stopped.network("n", NetworkSpec(name="n"), OPTS)
        stopped.secret_files("s", "w", {"url": "x"}, OPTS)
        stopped.image("a/b:1")

    assert [one.name for one in record(program).registered] == ["v"]


def test_a_network_for_which_docker_chooses_a_range_comes_after_the_tiers_with_one():
    for topology in ("unified", "isolated"):
        made = build_from(small(topology, shop={"dedicated": True})).of("Network")
        placed = {name for name, its in made.items() if "ipamConfigs" in its.inputs}
        declared, chosen = {name for name in placed if name.startswith("network-")}, made.keys() - placed
        assert declared, topology
        assert chosen, topology
        for name in chosen:
            waited = {urn.rsplit("::", 1)[-1] for urn in made[name].dependencies}
            assert declared <= waited, f"{name} of {topology} may take the range of {declared - waited}"
