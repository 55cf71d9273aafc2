"""The unified shape as it is registered: one golden graph, and what must hold for any stack file."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from components.outputs import exports
from tests.components.recording import (
    ROOT,
    SECRET,
    SIGNATURE,
    Graph,
    build_from,
    export_all,
    golden,
    record,
    stack_file,
)

STATEFUL = ("volume:Volume", "randomPassword:RandomPassword", "role:Role", "database:Database", "extension:Extension")


@pytest.fixture(scope="module")
def graph() -> Graph:
    return build_from(stack_file("dev"), export_all)


def test_the_graph_is_the_golden_one(graph):
    assert graph.described() == golden("unified", graph), "explain every replacement before the file is written anew"


def test_no_two_resources_share_a_name(graph):
    assert len(graph.by_urn()) == len(graph.registered)


def test_two_runs_register_the_same_inputs(graph):
    again = build_from(stack_file("dev"))
    assert {urn: one.inputs for urn, one in again.by_urn().items()} == {
        urn: one.inputs for urn, one in graph.by_urn().items()
    }


def test_adding_an_app_changes_no_input_of_anything_else(graph):
    raw = copy.deepcopy(stack_file("dev"))
    service = {"tier": "backend", "port": "4010:8000"}
    raw["apps"]["shop"] = {"postgres": {"database": "shop"}, "redis": ["cache"], "service": service}
    larger = build_from(raw).by_urn()
    for urn, one in graph.by_urn().items():
        assert larger[urn] == one, urn
    assert {one.split("::")[1].split("-")[1] for one in larger.keys() - graph.by_urn().keys()} == {"shop"}


def test_changing_one_apps_environment_changes_one_container_only(graph):
    raw = copy.deepcopy(stack_file("dev"))
    raw["apps"]["dashboard"]["service"]["env"] = {"BRAIN_API_URL": "http://brain:8000/v2/"}
    changed = build_from(raw).by_urn()
    different = [urn for urn, one in graph.by_urn().items() if changed[urn].inputs != one.inputs]
    assert different == ["docker:index/container:Container::service-dashboard-container"]


def test_every_component_registers_outputs_as_its_last_word(graph):
    components = {urn for urn, one in graph.by_urn().items() if not one.custom}
    assert components <= graph.outputs.keys()


def test_component_types_keep_their_tokens(graph):
    assert {one.type for one in graph.registered if not one.custom} == {
        "data-tier:network:TieredNetwork",
        "data-tier:postgres:AppDatabase",
        "data-tier:postgres:PostgresServer",
        "data-tier:postgres:UnifiedPostgres",
        "data-tier:redis:RedisUser",
        "data-tier:redis:RedisWithDbs",
        "data-tier:service:AppService",
        "data-tier:tls:CertificateAuthority",
    }


def plain_texts(value: Any) -> Iterator[str]:
    """Every text that isn't inside a secret."""
    if isinstance(value, dict):
        if value.get(SIGNATURE) != SECRET:
            for key, item in value.items():
                yield key
                yield from plain_texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from plain_texts(item)
    elif isinstance(value, str):
        yield value


def test_no_password_leaves_the_program_in_plain(graph):
    everything = [dict(one.inputs) for one in graph.registered] + [dict(one) for one in graph.outputs.values()]
    texts = list(plain_texts(everything))
    assert "Plain-redis-admin-password" in json.dumps(everything), "no password was made: nothing was tested"
    assert not [text for text in texts if "Plain-" in text or "SCRAM-SHA-256$" in text]


def test_what_holds_data_and_the_passwords_inside_it_are_protected_and_retained(graph):
    kept = {one.name for one in graph.registered if one.protect}
    assert kept == {one.name for one in graph.registered if one.retain_on_delete}
    expected = {
        one.name
        for one in graph.registered
        if (one.type.endswith(STATEFUL) and not one.name.endswith("-secrets")) or one.type.endswith("RandomId")
    }
    assert kept == expected


def test_protection_is_one_setting():
    raw = {**stack_file("dev"), "protect": False}
    assert not [one.name for one in build_from(raw).registered if one.protect or one.retain_on_delete]


def test_everything_inside_a_server_waits_for_it_and_goes_with_it(graph):
    server = "docker:index/container:Container::postgres-server-container"
    inside = [one for one in graph.registered if one.type.startswith("postgresql:index/")]
    assert len(inside) == 65
    for one in inside:
        assert one.deleted_with == server, one.name
        assert server in one.dependencies, one.name
        assert one.provider == "pulumi:providers:postgresql::postgres-server-provider", one.name


def test_grants_of_one_database_are_one_chain(graph):
    grants = [
        one for one in graph.registered if one.type.startswith(("postgresql:index/grant", "postgresql:index/def"))
    ]
    for app in ("brain", "wagtail", "saleor", "directory"):
        own = [one for one in grants if one.name.startswith(f"postgres-{app}-")]
        names = {one.name for one in own}
        before = [{d.split("::")[1] for d in one.dependencies} & names for one in own]
        assert sorted(len(one) for one in before) == [0] + [1] * (len(own) - 1)
        assert len(set().union(*before)) == len(own) - 1, "two links wait for the same one"


def test_no_store_is_published_or_leaves_its_internal_network(graph):
    for name in ("postgres-server-container", "redis-container"):
        inputs = graph.of("Container")[name].inputs
        assert "ports" not in inputs
        assert [network["name"] for network in inputs["networksAdvanced"]] == ["bizosaas-data-tier"]


def test_only_frontends_are_published_beyond_loopback(graph):
    public = {
        one.name
        for one in graph.of("Container").values()
        for port in one.inputs.get("ports", [])
        if port["ip"] != "127.0.0.1"
    }
    assert public == {f"service-{app}-container" for app in ("coreldove-frontend", "bizoholic-frontend", "dashboard")}


def test_a_published_service_of_an_internal_tier_joins_a_network_that_is_not(graph):
    internal = {one.inputs["name"] for one in graph.of("Network").values() if one.inputs.get("internal")}
    for one in graph.of("Container").values():
        if one.inputs.get("ports"):
            names = {network["name"] for network in one.inputs["networksAdvanced"]}
            assert names - internal, one.name


def test_the_data_tier_holds_the_stores_and_their_clients_and_nobody_else(graph):
    members = {
        one.inputs["name"]
        for one in graph.of("Container").values()
        for network in one.inputs.get("networksAdvanced", [])
        if network["name"] == "bizosaas-data-tier"
    }
    stores = {"bizosaas-postgres-unified", "bizosaas-redis-unified"}
    assert members == stores | {"bizosaas-brain", "bizosaas-wagtail-headless", "coreldove-saleor-headless"}


def test_no_container_has_a_password_in_its_environment_or_command(graph):
    for one in graph.of("Container").values():
        assert not [
            part for key in ("envs", "command") for part in one.inputs.get(key, []) if not isinstance(part, str)
        ]


def test_containers_are_written_as_the_plugin_reads_them_back(graph):
    for one in graph.of("Container").values():
        inputs = one.inputs
        assert "name" in inputs, one.name
        assert inputs.get("memory") == inputs.get("memorySwap"), one.name
        assert inputs.get("networkMode") or inputs.get("networksAdvanced"), one.name
        assert inputs["image"].startswith("sha256:"), one.name
        assert all(added.startswith("CAP_") for added in inputs.get("capabilities", {}).get("adds", [])), one.name
        assert "healthcheck" in inputs or not inputs.get("wait"), one.name


def test_the_exports_say_what_came_up():
    seen: dict[str, Any] = {}
    build_from({**stack_file("dev"), "images": {"source": "debian"}}, lambda topology: seen.update(exports(topology)))
    assert seen["servers"]["postgres"]["address"] == "172.28.10.10"
    assert seen["databases"]["saleor"]["database"] == "saleor_core"
    assert seen["services"]["saleor"]["url"] == "http://127.0.0.1:4003/"
    assert seen["services"]["saleor"]["stands_in_for"] == "ghcr.io/saleor/saleor:3.20"
    assert len(seen["stand_ins"]) == 8


def test_a_stack_that_is_down_keeps_what_holds_data_and_nothing_that_runs(graph):
    down = build_from({**stack_file("dev"), "running": False}, export_all).by_urn()
    up = graph.by_urn()
    assert down.keys() < up.keys()
    assert not [urn for urn in down if ":Container:" in urn or ":Network:" in urn or ":Command:" in urn]
    assert {urn for urn, one in up.items() if one.protect} <= down.keys()
    assert {urn for urn in up if urn.startswith("postgresql:")} <= down.keys()


def test_going_down_changes_no_input_of_what_stays(graph):
    up = graph.by_urn()
    for urn, one in build_from({**stack_file("dev"), "running": False}).by_urn().items():
        assert one.inputs == up[urn].inputs, urn


def test_the_program_stays_a_table_of_contents():
    assert len((ROOT / "__main__.py").read_text().splitlines()) < 40


def test_without_apps_there_are_tiers_and_no_servers():
    built = build_from({**stack_file("dev"), "apps": {}})
    assert set(built.of("Network")) == {
        *("network-backend", "network-frontend", "network-admin", "network-backend-publish", "network-admin-publish")
    }
    assert built.of("Container") == {}


def test_a_recording_sees_nothing_of_the_one_before():
    assert record(lambda: None).registered == []
