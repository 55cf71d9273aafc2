"""Docker's recorded answers as the provider's inputs, and every form of a bound address."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from operate.audit import inspected, swarm
from operate.audit.judge import judge
from operate.audit.policy_config import PolicyConfig
from operate.audit.resources import Resource, Source
from policies.catalogue import all_rules
from policies.containers import SERVICE

RECORDED = json.loads((Path(__file__).parents[2] / "fixtures/audit/docker/inspected.json").read_text())


def recorded(name: str) -> dict[str, Any]:
    return copy.deepcopy(RECORDED["containers"][name])


def ports(resource: Resource) -> list[tuple[object, object, object]]:
    return sorted((one["internal"], one.get("external"), one.get("ip")) for one in resource.props["ports"])


def rules(resource: Resource) -> set[str]:
    """The rules that find something in it."""
    return {
        one.rule for one in judge(Source(kind="docker", name="x", resources=[resource]), all_rules(), PolicyConfig())[0]
    }


def test_a_running_container_has_the_ports_that_are_bound_each_once():
    found = inspected.container(recorded("running"))
    assert ports(found) == [
        (5432, 15442, "0.0.0.0"),
        (5433, 15443, "127.0.0.1"),
        (5434, 15444, "::1"),
        (9999, 32773, "0.0.0.0"),
        (16379, 32772, "0.0.0.0"),
    ]
    assert found.props["publishAllPorts"] is True


def test_a_stopped_container_has_the_ports_that_it_will_bind():
    found = inspected.container(recorded("ports"))
    assert sorted((one["internal"], one.get("external"), one.get("ip")) for one in found.props["ports"]) == [
        (80, 18080, "0.0.0.0"),
        (5432, 15432, None),
        (5433, 15433, "127.0.0.1"),
        (16379, None, None),
    ]


@pytest.mark.parametrize("address", ["", "0.0.0.0", "::", "::ffff:0.0.0.0", "192.168.1.5", "203.0.113.7", "10.0.0.1"])
def test_every_address_but_loopback_is_found(address):
    seen = recorded("running")
    seen["HostConfig"]["PublishAllPorts"] = False
    seen["NetworkSettings"]["Ports"] = {"5432/tcp": [{"HostIp": address, "HostPort": "15432"}]}
    seen["HostConfig"]["PortBindings"] = {}
    assert "refuse-published-data-port" in rules(inspected.container(seen))


@pytest.mark.parametrize("address", ["127.0.0.1", "127.1.2.3", "::1"])
def test_loopback_is_not_found(address):
    seen = recorded("running")
    seen["NetworkSettings"]["Ports"] = {"5432/tcp": [{"HostIp": address, "HostPort": "15432"}]}
    seen["HostConfig"]["PortBindings"] = {}
    assert "refuse-published-data-port" not in rules(inspected.container(seen))


@pytest.mark.parametrize("ports", [{}, {"5432/tcp": None}, {"5432/tcp": []}, None])
def test_an_exposed_port_is_not_published(ports):
    seen = recorded("running")
    seen["NetworkSettings"]["Ports"], seen["HostConfig"]["PortBindings"] = ports, {}
    assert inspected.container(seen).props["ports"] == []


def test_what_rules_read_is_read_back():
    props = inspected.container(recorded("ports")).props
    assert (props["image"], props["memory"], props["restart"], props["user"]) == (
        "data-tier-test/busybox:1",
        64,
        "unless-stopped",
        "65534",
    )
    assert props["capabilities"]["adds"] == ["CAP_NET_ADMIN"]
    assert props["labels"] == [{"label": "data-tier.tier", "value": "data"}]
    assert props["envs"] == ["POSTGRES_PASSWORD=recorded-example"]
    assert props["healthcheck"]["tests"] == ["CMD-SHELL", "nc -z 127.0.0.1 5432"]
    assert (props["entrypoints"], props["command"]) == (["sh"], ["-c", "sleep 3600"])
    assert [one["name"] for one in props["networksAdvanced"]] == ["auditrec-internal"]
    assert [(one.get("volumeName"), one.get("hostPath"), one["readOnly"]) for one in props["volumes"]] == [
        ("auditrec-data", None, False),
        (None, "/srv", True),
    ]


def test_no_finding_holds_the_password():
    source = Source(kind="docker", name="x", resources=[inspected.container(recorded("ports"))])
    found, unread = judge(source, all_rules(), PolicyConfig())
    assert "refuse-plaintext-password" in {one.rule for one in found}
    assert "recorded-example" not in repr([found, unread])


def test_host_network_privileges_and_the_engines_folder_are_read_back():
    found = inspected.container(recorded("host"))
    assert (found.props["networkMode"], found.props["privileged"], found.props["pidMode"]) == ("host", True, "host")
    assert {"refuse-privileged", "refuse-docker-socket"} <= rules(found)


def test_a_shared_network_and_an_anonymous_volume_are_read_back():
    props = inspected.container(recorded("shared")).props
    assert props["networkMode"].startswith("container:")
    assert props["volumes"] == [{"containerPath": "/anonymous", "readOnly": False}]


def test_the_default_network_counts_beside_others():
    seen = recorded("running")
    seen["NetworkSettings"]["Networks"]["bridge"] = {}
    props = inspected.container(seen).props
    assert [one["name"] for one in props["networksAdvanced"]] == ["auditrec-bridge", "bridge"]
    assert "networkMode" not in props


def test_only_what_ended_well_without_network_is_a_one_shot():
    assert inspected.container(recorded("oneshot")).props["mustRun"] is False
    failed = recorded("oneshot")
    failed["State"]["ExitCode"] = 1
    stopped = recorded("ports")
    assert [inspected.container(one).props["mustRun"] for one in (failed, stopped)] == [True, True]


def test_a_small_memory_limit_is_one():
    seen = recorded("ports")
    seen["HostConfig"]["Memory"] = 6 * 1024 * 1024 + 1
    assert inspected.container(seen).props["memory"] == 7
    seen["HostConfig"]["Memory"] = 0
    assert inspected.container(seen).props["memory"] == 0


def test_networks_are_read_back():
    assert [
        (one["name"], one["internal"]) for one in (inspected.network(one).props for one in RECORDED["networks"])
    ] == [
        ("auditrec-internal", True),
        ("auditrec-bridge", False),
    ]


def test_a_volume_shows_where_it_leads():
    seen = {
        "Name": "x",
        "Driver": "local",
        "Options": {"type": "none", "device": "/var/run", "o": "bind"},
        "Labels": None,
    }
    assert "refuse-docker-socket" in rules(inspected.volume(seen))


SERVICE_SEEN: dict[str, Any] = {
    "Spec": {
        "Name": "db",
        "Labels": {"a": "b"},
        "TaskTemplate": {
            "ContainerSpec": {
                "Image": "postgres:17",
                "Env": ["A=b=c"],
                "Command": ["postgres"],
                "CapabilityAdd": ["CAP_SYS_ADMIN"],
                "Mounts": [{"Type": "bind", "Source": "/run", "Target": "/x", "ReadOnly": True}],
                "Healthcheck": {"Test": ["CMD", "true"]},
            },
            "Resources": {"Limits": {"MemoryBytes": 67108864}},
            "RestartPolicy": {"Condition": "none"},
            "Networks": [{"Target": "id1"}],
        },
        "EndpointSpec": {"Ports": [{"TargetPort": 5432, "PublishMode": "ingress"}]},
    },
    "Endpoint": {"Ports": [{"TargetPort": 5432, "PublishedPort": 30000, "PublishMode": "ingress", "Protocol": "tcp"}]},
}


def test_a_swarm_service_is_read_back():
    found = swarm.service(SERVICE_SEEN, {"id1": "data"})
    task = found.props["taskSpec"]
    assert found.type == SERVICE
    assert found.props["endpointSpec"]["ports"] == [
        {"targetPort": 5432, "publishedPort": 30000, "publishMode": "ingress", "protocol": "tcp"}
    ]
    assert task["containerSpec"]["env"] == {"A": "b=c"}
    assert task["networksAdvanceds"] == [{"name": "data"}]
    assert task["resources"]["limits"]["memoryBytes"] == 67108864
    assert "refuse-published-data-port" in rules(found)


def test_a_swarm_service_with_nothing_in_it_is_read_back():
    assert swarm.service({"Spec": {"Name": "x"}}, {}).props["endpointSpec"] == {"ports": []}
