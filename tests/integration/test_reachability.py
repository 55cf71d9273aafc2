"""From where the data stores can be reached over TCP, and from where not."""

from __future__ import annotations

import pytest

from tests.integration.conftest import Stack
from tests.integration.daemon import Target, outside_address, reachable

pytestmark = pytest.mark.integration


def targets(stack: Stack) -> list[Target]:
    """The stores at their addresses, and where they would be if they were published."""
    ports = [stack.stores.postgres[1], stack.stores.redis[1]]
    return [stack.stores.postgres, stack.stores.redis, *((outside_address(), port) for port in ports)]


def test_stores_publish_no_port(stack: Stack) -> None:
    servers = stack.project.outputs()["servers"]
    for server in servers.values():
        attributes = stack.host.containers()[server["name"]].attrs
        assert not attributes["HostConfig"]["PortBindings"], server["name"]
        assert not attributes["HostConfig"]["PublishAllPorts"], server["name"]
        assert not any(attributes["NetworkSettings"]["Ports"].values()), server["name"]
        assert list(attributes["NetworkSettings"]["Networks"]) == [server["network"]], "on the data tier and no other"


def test_containers_on_the_data_tier_reach_the_stores(stack: Stack) -> None:
    found = stack.host.reachable_from(stack.project.outputs()["networks"]["data"]["name"], *targets(stack))
    assert found == [stack.stores.postgres, stack.stores.redis]


@pytest.mark.parametrize("tier", ["backend", "frontend", "admin", "backend-publish", "admin-publish", "none"])
def test_containers_elsewhere_reach_no_store(stack: Stack, tier: str) -> None:
    networks = stack.project.outputs()["networks"]
    names = {name: its["name"] for name, its in networks.items()}
    names |= {f"{name}-publish": its["publish_network"] for name, its in networks.items() if its["publish_network"]}
    names["none"] = "bridge"  # what a container gets that names no network
    assert stack.host.reachable_from(names[tier], *targets(stack)) == []


def test_a_container_on_a_public_tier_reaches_others_on_it(stack: Stack) -> None:
    """So that the refusals above mean something: the same one-shot container does reach what it may."""
    networks = stack.project.outputs()["networks"]
    name, inside = next(
        (its["name"], stack.config["data-tier:apps"][app]["service"]["port"].split(":")[1])
        for app, its in stack.services.items()
        if its["tiers"][0] == "frontend"
    )
    attached = stack.host.containers()[name].attrs["NetworkSettings"]["Networks"]
    frontend = networks["frontend"]["name"]
    target = (attached[frontend]["IPAddress"], int(inside))
    assert stack.host.reachable_from(frontend, target) == [target]


def test_stores_do_not_answer_on_the_hosts_outside_address(stack: Stack) -> None:
    outside = outside_address()
    assert reachable((outside, stack.stores.postgres[1]), (outside, stack.stores.redis[1])) == []
