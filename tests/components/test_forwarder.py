"""A loopback port that leads to a server: a relay beside it, the server itself untouched."""

from __future__ import annotations

import pytest

from components.config import SettingsError, parse
from tests.components.recording import Graph, build_from, export_all
from tests.components.samples import small

EXPOSED = {"postgres": {"database": "shop", "server": {"expose": 15432}}}


@pytest.fixture(scope="module")
def graph() -> Graph:
    return build_from(small("isolated", shop=EXPOSED), export_all)


def test_the_port_is_published_on_loopback_by_the_relay_alone(graph: Graph) -> None:
    containers = graph.of("Container")
    relay = containers["isolated-shop-postgres-server-forwarder-container"].inputs
    assert [(port["ip"], port["external"]) for port in relay["ports"]] == [("127.0.0.1", 15432)]
    server = containers["isolated-shop-postgres-server-container"].inputs
    assert "ports" not in server
    assert [join["name"] for join in server["networksAdvanced"]] == ["small-shop-data"], (
        "it leaves its network for nobody"
    )


def test_the_server_lets_the_admin_in_from_the_relay_and_from_the_host_only(graph: Graph) -> None:
    server = graph.of("Container")["isolated-shop-postgres-server-container"].inputs
    relay = graph.of("Container")["isolated-shop-postgres-server-forwarder-container"].inputs
    address = next(join["ipv4Address"] for join in relay["networksAdvanced"] if join.get("ipv4Address"))
    rules = next(upload["content"] for upload in server["uploads"] if upload["file"].endswith("pg_hba.conf"))
    lines = [line.split() for line in rules.splitlines() if f" {address}/32" in line]
    assert [(line[1], line[2], line[4]) for line in lines] == [("all", "admin", "scram-sha-256")]


def test_an_app_without_it_has_no_relay(graph: Graph) -> None:
    assert [name for name in graph.of("Container") if "forwarder" in name] == [
        "isolated-shop-postgres-server-forwarder-container"
    ]


def test_two_ways_through_one_port_are_refused() -> None:
    raw = small("isolated", shop=EXPOSED, blog={"postgres": {"database": "blog", "server": {"expose": 15432}}})
    with pytest.raises(SettingsError) as refused:
        parse(raw)
    assert "data-tier:apps.blog.postgres.server.expose" in str(refused.value)
    assert "the host port is taken by data-tier:apps.shop.postgres.server.expose" in str(refused.value)


def test_a_shared_servers_port_is_not_its_apps_own() -> None:
    raw = small("isolated")
    raw["postgres"]["expose"] = 15432
    graph = build_from(raw, export_all)
    assert not [name for name in graph.of("Container") if "forwarder" in name]
