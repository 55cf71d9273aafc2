"""The isolated and the mixed shape as they are registered: golden graphs, and what must hold in both."""

from __future__ import annotations

from typing import Any

import pytest

from components.outputs import exports
from tests.components.recording import Graph, build_from, export_all, golden, stack_file
from tests.components.samples import mixed, small

RUNNING = ("Container", "Network")


@pytest.fixture(scope="module")
def isolated() -> Graph:
    return build_from(small("isolated"), export_all)


@pytest.fixture(scope="module")
def blend() -> Graph:
    return build_from(mixed(), export_all)


def networks_of(graph: Graph, container: str) -> list[str]:
    return [join["name"] for join in graph.of("Container")[container].inputs["networksAdvanced"]]


def test_the_isolated_graph_is_the_golden_one(isolated):
    assert isolated.described() == golden("isolated", isolated), "explain every replacement before it is written anew"


def test_the_mixed_graph_is_the_golden_one(blend):
    assert blend.described() == golden("mixed", blend), "explain every replacement before it is written anew"


@pytest.mark.parametrize("shape", ["isolated", "blend"])
def test_no_two_resources_share_a_name(shape, request):
    graph = request.getfixturevalue(shape)
    assert len(graph.by_urn()) == len(graph.registered)


def test_component_types_keep_their_tokens(isolated):
    assert {one.type for one in isolated.registered if not one.custom} == {
        "data-tier:network:AppNetwork",
        "data-tier:network:TieredNetwork",
        "data-tier:postgres:AppDatabase",
        "data-tier:postgres:IsolatedPostgres",
        "data-tier:postgres:PostgresServer",
        "data-tier:redis:RedisUser",
        "data-tier:redis:RedisWithDbs",
        "data-tier:service:AppService",
        "data-tier:tls:CertificateAuthority",
    }


def test_every_component_registers_outputs_as_its_last_word(blend):
    components = {urn for urn, one in blend.by_urn().items() if not one.custom}
    assert components <= blend.outputs.keys()


def test_with_every_app_isolated_there_is_no_shared_server_and_no_data_tier(isolated):
    names = {one.inputs["name"] for kind in RUNNING for one in isolated.of(kind).values()}
    assert not [name for name in names if "unified" in name or name == "small-data-tier"]


def test_an_app_has_a_server_of_each_kind_that_it_uses_and_no_other(isolated):
    servers = {name for name in isolated.of("Container") if name.startswith("isolated-") and "-secrets" not in name}
    assert servers == {
        "isolated-shop-postgres-server-container",
        "isolated-shop-redis-container",
        "isolated-blog-postgres-server-container",
        "isolated-feed-redis-container",
    }


def test_an_apps_network_holds_its_servers_and_its_service_and_nobody_else(isolated):
    for app, members in {
        "shop": {"small-shop-postgres", "small-shop-redis", "small-shop"},
        "blog": {"small-blog-postgres", "small-blog"},
        "feed": {"small-feed-redis", "small-feed"},
    }.items():
        found = {
            one.inputs["name"]
            for one in isolated.of("Container").values()
            for join in one.inputs.get("networksAdvanced", [])
            if join["name"] == f"small-{app}-data"
        }
        assert found == members


def test_own_networks_are_internal_with_servers_outside_the_range_handed_out(isolated):
    for app in ("shop", "blog", "feed"):
        inputs = isolated.of("Network")[f"isolated-{app}-network-data"].inputs
        assert inputs["internal"]
        [ipam] = inputs["ipamConfigs"]
        base, _, last = ipam["subnet"].partition("/")[0].rpartition(".")
        assert ipam["gateway"] == f"{base}.{int(last) + 1}"
        assert ipam["ipRange"] == f"{base}.{int(last) + 8}/29"


def test_no_server_is_published_or_on_a_second_network(isolated):
    for name, one in isolated.of("Container").items():
        if name.startswith("isolated-") and "networksAdvanced" in one.inputs:
            assert "ports" not in one.inputs
            assert len(one.inputs["networksAdvanced"]) == 1, name


def test_what_belongs_to_one_app_says_so_in_its_labels(isolated):
    for kind in ("Container", "Volume", "Network"):
        for name, one in isolated.of(kind).items():
            labels = {label["label"]: label["value"] for label in one.inputs["labels"]}
            if (
                name.startswith("isolated-")
                and labels["data-tier.component" if kind != "Network" else "data-tier.tier"] != "secrets"
            ):
                assert labels["data-tier.app"] == name.split("-")[1], name
                assert labels["data-tier.tier"] == "data", name


def test_each_own_server_has_its_own_password_volume_and_rules(isolated):
    servers = (
        "isolated-shop-postgres-server",
        "isolated-blog-postgres-server",
        "isolated-shop-redis",
        "isolated-feed-redis",
    )
    assert {f"{name}-admin-password" for name in servers} <= set(isolated.of("RandomPassword"))
    assert {f"{name}-data" for name in servers} <= set(isolated.of("Volume"))
    texts = [
        upload["content"]
        for name in servers[:2]
        for upload in isolated.of("Container")[f"{name}-container"].inputs["uploads"]
        if upload["file"].endswith("pg_hba.conf")
    ]
    assert len(set(texts)) == 2, "each lets in its own subnet only"


def test_purposes_have_the_same_numbers_on_an_own_server(isolated):
    assert isolated.of("Command")["isolated-feed-redis-user-acl"].inputs["environment"]["REDIS_DATABASES"] == "1"


def test_what_holds_data_and_the_passwords_inside_it_are_protected_and_retained(isolated):
    stateful = ("RandomPassword", "RandomId", "Role", "Database", "Extension")
    kept = {one.name for one in isolated.registered if one.protect}
    assert kept == {one.name for one in isolated.registered if one.retain_on_delete}
    expected = {name for kind in stateful for name in isolated.of(kind)}
    assert kept == expected | {name for name in isolated.of("Volume") if not name.endswith("-secrets")}


def test_adding_an_isolated_app_changes_no_input_of_anything_else(isolated):
    larger = build_from(small("isolated", wiki={"postgres": {"database": "wiki"}, "redis": ["cache"]})).by_urn()
    for urn, one in isolated.by_urn().items():
        assert larger[urn] == one, urn
    assert {urn.split("::")[1].split("-")[1] for urn in larger.keys() - isolated.by_urn().keys()} == {"wiki"}


def test_an_app_overrides_what_its_own_server_gets():
    server = {"name": "shop-db", "resources": {"memory": "512Mi"}, "storage": "1Gi", "connections": 40}
    raw = small(shop={
        "dedicated": True,
        "postgres": {"database": "shop", "server": server},
        "redis_server": {"name": "shop-cache", "memory": "128Mi"},
        "subnet": "172.26.99.16/28",
    })  # fmt: skip
    graph = build_from(raw)
    postgres = graph.of("Container")["isolated-shop-postgres-server-container"].inputs
    redis = graph.of("Container")["isolated-shop-redis-container"].inputs
    assert (postgres["name"], postgres["memory"], postgres["cpus"]) == ("shop-db", 512, "1")
    assert "max_connections=40" in postgres["command"]
    assert (redis["name"], redis["memory"]) == ("shop-cache", 128)
    assert postgres["networksAdvanced"][0]["ipv4Address"] == "172.26.99.18"
    assert redis["networksAdvanced"][0]["ipv4Address"] == "172.26.99.19"
    assert set(graph.of("Volume")) >= {"isolated-shop-postgres-server-data", "isolated-shop-redis-data"}


def test_a_dedicated_app_leaves_the_shared_servers_to_the_others(blend):
    assert "blog" not in str([one.inputs for name, one in blend.of("Database").items() if name.startswith("postgres-")])
    assert networks_of(blend, "service-blog-container") == [
        "small-backend-tier",
        "small-blog-data",
        "small-backend-publish",
    ]


def test_a_kept_place_is_declared_while_the_service_stays_where_it_serves(blend):
    databases = {name for name, one in blend.of("Database").items() if one.inputs["name"] == "shop"}
    assert databases == {"postgres-shop-database", "isolated-shop-postgres-database-database"}
    assert "small-data-tier" in networks_of(blend, "service-shop-container")
    assert "small-shop-data" not in networks_of(blend, "service-shop-container")


def test_the_service_follows_serving():
    graph = build_from(small(shop={"keep": ["isolated"], "serving": "isolated"}))
    assert "small-shop-data" in networks_of(graph, "service-shop-container")
    assert "small-data-tier" not in networks_of(graph, "service-shop-container")
    waits = graph.of("Container")["service-shop-container"].dependencies
    assert not [urn for urn in waits if "::postgres-shop" in urn], "the place that it left may be down"


def test_a_retired_app_keeps_its_data_and_has_no_service_and_no_login():
    before, raw = build_from(small()).by_urn(), small()
    raw["retired"] = ["shop"]
    after = build_from(raw).by_urn()
    gone = before.keys() - after.keys()
    assert {urn.split("::")[1].split("-")[0] for urn in gone} == {"service"}
    assert {urn for urn, one in before.items() if one.protect} <= {urn for urn, one in after.items() if one.protect}
    changed = {urn for urn in after if after[urn].inputs != before[urn].inputs}
    logins = {f"postgresql:index/role:Role::postgres-shop-{role}" for role in ("a", "b", "migrate")}
    assert changed == {*logins, "command:local:Command::redis-shop-acl"}
    assert not any(after[urn].inputs["login"] for urn in logins)
    assert after["command:local:Command::redis-shop-acl"].inputs["update"].endswith("redis_users lock")


@pytest.mark.parametrize("topology", ["unified", "isolated"])
def test_purging_takes_the_protection_from_that_apps_data_and_from_nothing_else(topology):
    raw = small(topology)
    raw["retired"] = ["shop"]
    before = build_from(raw).by_urn()
    raw["purging"] = ["shop"]
    after = build_from(raw).by_urn()
    freed = {urn for urn, one in before.items() if one.protect and not after[urn].protect}
    assert freed == {urn for urn in before if before[urn].protect and "-shop-" in urn}
    assert not [urn for urn in freed if after[urn].retain_on_delete]
    [command] = [one for urn, one in after.items() if ":Command::" in urn and "-shop-" in urn and urn.endswith("-acl")]
    assert command.inputs["delete"].endswith("redis_users purge"), "its keys go with its user"


def test_a_shared_server_goes_with_the_last_of_its_apps_that_is_purged():
    raw = small(blog={"dedicated": True}, feed={"dedicated": True})
    raw["retired"] = raw["purging"] = ["shop"]
    graph = build_from(raw)
    assert not graph.of("Volume")["postgres-server-data"].protect
    assert graph.of("Volume")["isolated-blog-postgres-server-data"].protect
    raw["retired"], raw["purging"] = ["shop", "blog"], ["blog"]
    assert build_from(raw).of("Volume")["postgres-server-data"].protect


def test_an_isolated_stack_that_is_down_keeps_what_holds_data_and_nothing_that_runs(isolated):
    down = build_from({**small("isolated"), "running": False}, export_all).by_urn()
    assert not [urn for urn in down if ":Container:" in urn or ":Network:" in urn or ":Command:" in urn]
    assert {urn for urn, one in isolated.by_urn().items() if one.protect} <= down.keys()
    for urn, one in down.items():
        assert one.inputs == isolated.by_urn()[urn].inputs, urn


def told(raw: dict[str, Any]) -> dict[str, Any]:
    seen: dict[str, Any] = {}
    build_from(raw, lambda topology: seen.update(exports(topology)))
    return seen


def test_the_exports_name_each_server_and_say_where_an_app_is_served_from():
    seen = told(mixed())
    assert set(seen["servers"]) == {"postgres", "postgres-blog", "postgres-shop", "redis", "redis-shop"}
    assert seen["servers"]["postgres"]["app"] is None
    own = seen["servers"]["postgres-blog"]
    assert (own["app"], own["name"], own["network"]) == ("blog", "small-blog-postgres", "small-blog-data")
    assert {app: (its["server"], its["places"]) for app, its in seen["databases"].items()} == {
        "shop": ("postgres", ["unified", "isolated"]),
        "blog": ("postgres-blog", ["isolated"]),
    }
    assert seen["redis_users"]["shop"] == {
        "server": "redis",
        "servers": {"cache": "redis", "queue": "redis"},
        "purposes": {"cache": 0, "queue": 1},
    }
    assert seen["services"]["blog"]["tiers"] == ["backend", "data-blog"]
    assert seen["networks"]["data-shop"]["internal"]
    assert "feed" not in seen["services"], "it is retired"


def test_the_ledger_says_what_holds_data():
    apps = told(mixed())["apps"]
    usual = {"on_their_own": [], "serving": "unified", "retired": False, "purging": False, "generation": 1}
    both = ["unified", "isolated"]
    assert apps["shop"] == {**usual, "database": "shop", "redis": ["cache", "queue"], "places": both}
    assert apps["blog"] == {**usual, "database": "blog", "redis": [], "places": ["isolated"], "serving": "isolated"}
    assert apps["feed"] == {**usual, "database": None, "redis": ["queue"], "places": ["unified"], "retired": True}
    assert "site" not in apps, "it has nothing to lose"


def test_the_secret_output_has_every_servers_password_and_every_apps_urls():
    seen: list[Any] = []
    build_from(mixed(), lambda topology: exports(topology)["secrets"].apply(seen.append))
    [secret] = seen
    assert set(secret["admin_passwords"]) == {"postgres", "postgres-blog", "postgres-shop", "redis", "redis-shop"}
    assert set(secret["urls"]["shop"]) == {"database_url", "redis_url", "redis_url_queue"}
    assert "@small-blog-postgres:5432/blog" in secret["urls"]["blog"]["database_url"]
    assert set(secret["migrate_urls"]) == {"shop", "blog"}


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_the_stack_files_that_come_along_build_in_both_shapes(stack):
    graph = build_from({**stack_file(stack), "topology": "isolated"}, export_all)
    assert len([name for name in graph.of("Container") if name.endswith("-postgres-server-container")]) == 4
