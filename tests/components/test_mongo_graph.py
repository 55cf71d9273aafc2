"""What a stack with MongoDB declares, in both shapes: the server, users that alternate, and nobody else's change."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from components import sizing
from components.config import parse
from components.network import DataAddresses
from components.outputs import exports
from operate.declared import declare
from tests.components.recording import Graph, build_from, export_all
from tests.components.samples import small
from tests.policies.graphs import faults

USER, SETTLED = "command:local:Command::mongo-shop-user", "command:local:Command::mongo-shop-settled"
FILL = "docker:index/container:Container::service-shop-secrets-fill"


def stack(topology: str = "unified", **more: Any) -> dict[str, Any]:
    raw = small(topology, shop={"mongo": {"database": "shop_docs"}, **more}, wiki={"mongo": {"database": "wiki"}})
    return {**raw, "mongo": {"image": "mongo:7", "resources": {"memory": "1Gi", "cpu": 1}}}


def flags(graph: Graph, container: str) -> str:
    return " ".join(graph.of("Container")[container].inputs["command"])


@pytest.mark.parametrize("topology", ["unified", "isolated"])
def test_a_stack_with_mongo_passes_every_rule(topology):
    assert faults(build_from(stack(topology, generation=3))) == []


def test_a_stack_without_it_has_none_of_it():
    raw = small()
    without = build_from(raw).by_urn()
    with_section = build_from({**raw, "mongo": stack()["mongo"]}).by_urn()
    assert {urn: one.inputs for urn, one in without.items()} == {urn: one.inputs for urn, one in with_section.items()}


def test_the_shared_server_is_one_for_all_and_asks_for_passwords_and_tls():
    graph = build_from(stack())
    assert {name for name in graph.of("Container") if "mongo" in name} == {"mongo-secrets-fill", "mongo-container"}
    said = flags(graph, "mongo-container")
    assert said.startswith("mongod --auth ")
    assert "--tlsMode requireTLS" in said
    assert "--wiredTigerCacheSizeGB 0.5" in said
    [network] = graph.of("Container")["mongo-container"].inputs["networksAdvanced"]
    assert (network["name"], network["ipv4Address"]) == ("small-data-tier", "172.26.10.8")
    volume = graph.of("Volume")["mongo-data"]
    assert volume.protect
    assert volume.retain_on_delete


def test_an_isolated_app_has_its_own_server_on_its_own_network():
    graph = build_from(stack("isolated"))
    servers = {name for name in graph.of("Container") if name.endswith("-mongo-container")}
    assert servers == {"isolated-shop-mongo-container", "isolated-wiki-mongo-container"}
    [network] = graph.of("Container")["isolated-wiki-mongo-container"].inputs["networksAdvanced"]
    assert network["name"] == "small-wiki-data"
    assert network["ipv4Address"].rpartition(".")[2] in {str(16 * slot + 14) for slot in range(16)}


def test_an_own_server_takes_from_the_shared_one_what_it_does_not_say():
    raw = stack("isolated")
    own = {"name": "documents", "resources": {"memory": "2Gi"}, "expose": 27100}
    raw["apps"]["wiki"]["mongo"]["server"] = own
    graph = build_from(raw)
    server = graph.of("Container")["isolated-wiki-mongo-container"].inputs
    assert (server["name"], server["memory"], server["cpus"]) == ("documents", 2048, "1")
    forwarder = graph.of("Container")["isolated-wiki-mongo-forwarder-container"].inputs
    assert forwarder["ports"] == [{"internal": 27100, "external": 27100, "ip": "127.0.0.1", "protocol": "tcp"}]
    environment = graph.of("Command")["isolated-wiki-mongo-user-user"].inputs["environment"]
    assert (environment["MONGO_HOST"], environment["MONGO_PORT"]) == ("127.0.0.1", "27100")


def test_without_tls_it_speaks_in_clear_and_says_so_to_clients():
    graph = build_from({**stack(), "tls": {"enabled": False}}, export_all)
    assert "tls" not in flags(graph, "mongo-container")
    assert "MONGO_CA" not in graph.of("Command")["mongo-shop-user"].inputs["environment"]
    assert "mongo-tls" not in graph.of("Command")


def told(raw: dict[str, Any], app: str) -> str:
    """The URL in an app's secret file."""
    fill = build_from(raw).of("Container")[f"service-{app}-secrets-fill"].inputs["uploads"]
    found = {upload["file"]: upload["content"] for upload in _plain(fill)}
    return str(found["/in/mongodb_url"])


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return _plain(value["value"]) if "value" in value else {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def test_the_url_names_the_user_of_the_generation_and_what_verifies_the_server():
    where = "@small-mongo-unified:27017/shop_docs?authSource=shop_docs&directConnection=true"
    tls = "&tls=true&tlsCAFile=/run/secrets/ca.crt"
    assert told(stack(), "shop") == f"mongodb://shop_a:Plain-mongo-shop-password-a{where}{tls}"
    assert told(stack(generation=2), "shop") == f"mongodb://shop_b:Plain-mongo-shop-password-b{where}{tls}"


def test_an_app_that_comes_changes_no_input_of_anything_else():
    raw = stack()
    before = build_from(raw).by_urn()
    more = copy.deepcopy(raw)
    more["apps"]["feed"]["mongo"] = {"database": "feed"}
    after = build_from(more).by_urn()
    changed = {urn for urn in before if after[urn].inputs != before[urn].inputs}
    assert changed == {
        "docker:index/container:Container::service-feed-secrets-fill",
        "docker:index/container:Container::service-feed-container",
    }


def test_a_rotation_makes_the_other_user_and_deletes_the_former_after_the_files():
    first, second = build_from(stack()).by_urn(), build_from(stack(generation=2)).by_urn()
    assert SETTLED not in first
    assert first[USER].inputs["environment"]["MONGO_USER"] == "shop_a"
    environment = second[USER].inputs["environment"]
    assert (environment["MONGO_USER"], environment["MONGO_FORMER_USER"]) == ("shop_b", "shop_a")
    assert "MONGO_FORMER_PASSWORD" not in environment
    assert USER in second[FILL].dependencies
    assert {USER, FILL} <= set(second[SETTLED].dependencies)
    assert second[SETTLED].inputs["environment"]["MONGO_DRAIN"] == "20"


def test_an_overlap_keeps_the_former_user():
    graph = build_from(stack(generation=2, overlap=True)).by_urn()
    assert SETTLED not in graph
    assert "MONGO_FORMER_PASSWORD" in graph[USER].inputs["environment"]


def test_the_password_of_the_first_generation_is_declared_as_it_was():
    name = "random:index/randomPassword:RandomPassword::mongo-shop-password-a"
    first, second = (build_from(stack(generation=generation)).by_urn()[name] for generation in (1, 2))
    assert (first.inputs, first.protect) == (second.inputs, second.protect)


def test_a_retired_app_is_locked_and_a_purged_one_loses_its_database():
    raw = stack()
    raw["retired"] = ["shop"]
    assert build_from(raw).by_urn()[USER].inputs["update"].endswith("operate.mongo_users lock")
    raw["purging"] = ["shop"]
    graph = build_from(raw)
    assert graph.by_urn()[USER].inputs["delete"].endswith("operate.mongo_users purge")
    assert graph.of("Volume")["mongo-data"].protect, "wiki still has data there"


def test_a_stack_that_is_down_keeps_volume_and_passwords():
    up, down = build_from(stack()), build_from({**stack(), "running": False})
    assert {"mongo-data", "mongo-shop-password-a", "mongo-admin-password"} <= {
        *down.of("Volume"),
        *down.of("RandomPassword"),
    }
    assert not [name for name in [*down.of("Container"), *down.of("Command")] if "mongo" in name]
    kept = down.of("RandomPassword")["mongo-shop-password-a"]
    assert kept.inputs == up.of("RandomPassword")["mongo-shop-password-a"].inputs


def test_the_exports_name_the_server_that_something_stands_in_for_and_the_users():
    seen: dict[str, Any] = {}
    build_from(stack(), lambda topology: seen.update(exports(topology)))
    server = seen["servers"]["mongo"]
    assert (server["kind"], server["stand_in"], server["volume"]) == ("mongo", True, "small-mongo-unified-data")
    users = {"database": "shop_docs", "users": ["shop_a", "shop_b"], "server": "mongo"}
    assert seen["mongo_users"]["shop"] == users
    assert seen["apps"]["shop"]["mongo"] == "shop_docs"
    assert "mongo" not in seen["apps"]["blog"], "the outputs of an app without it are as they were before there was any"


@pytest.mark.parametrize(("memory", "cache"), [(512, "0.25"), (1024, "0.5"), (1500, "0.732422"), (8192, "4")])
def test_half_of_the_memory_is_cache_and_never_less_than_mongod_takes(memory, cache):
    assert sizing.mongo_cache(memory) == cache
    assert float(sizing.mongo_cache(memory)) * 1024 <= memory / 2 + 1


def test_the_fixed_addresses_are_nobody_elses_and_not_handed_out():
    settings = parse(stack())
    subnet = settings.network["data"].subnet
    assert subnet is not None
    for addresses in (
        DataAddresses(subnet=subnet),
        DataAddresses.own(next(subnet.subnets(new_prefix=28))),
        DataAddresses(subnet=next(subnet.subnets(new_prefix=27))),
    ):
        names = ("gateway", "postgres", "redis", "postgres_forwarder", "redis_forwarder", "pooler", "watchdog")
        taken = [getattr(addresses, name) for name in names]
        assert len({*taken, addresses.mongo}) == len(taken) + 1
        low, high = ([str(one) for one in half] for half in addresses.subnet.subnets())
        assert set(taken) <= set(low)
        assert addresses.mongo in (low if addresses.first == 10 else high[-2:-1]), "the last one that a host can have"


def test_a_server_keeps_the_memory_that_is_reserved_for_it_and_tells_what_its_volume_is_for():
    raw = stack("isolated")
    raw["mongo"]["resources"]["reservation"] = "256Mi"
    raw["apps"]["wiki"]["mongo"]["server"] = {"resources": {"reservation": "640Mi"}}
    containers = build_from(raw).of("Container")
    kept = [containers[f"isolated-{app}-mongo-container"].inputs["memoryReservation"] for app in ("shop", "wiki")]
    assert kept == [256, 640]
    made = declare("small", parse(stack()))
    assert {one.name: one.storage for one in made.volumes if one.kind == "mongo"} == {
        "small-mongo-unified-data": 20 * 1024**3
    }


def test_the_admin_turns_in_place_and_each_server_by_its_own_generation():
    raw = stack("isolated")
    before = build_from(raw)
    raw["apps"]["wiki"]["mongo"]["server"] = {"generation": 2}
    after = build_from(raw)
    turned = {name: one for name, one in after.of("Command").items() if name.endswith("admin-turned")}
    assert list(turned) == ["isolated-wiki-mongo-admin-turned"]
    assert turned["isolated-wiki-mongo-admin-turned"].inputs["create"] == ".venv/bin/python -m operate.turn_admin mongo"
    containers = [graph.of("Container")["isolated-wiki-mongo-container"].inputs for graph in (before, after)]
    assert containers[0] == containers[1]
    assert faults(after) == []
