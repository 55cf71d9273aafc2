"""A pooler as it is registered, in both shapes, and what it is configured with."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from components.config import Pooler, SettingsError, parse
from components.postgres import _pgbouncer as texts
from components.postgres._hba import pg_hba
from operate.pooler import pools_file
from tests.components.recording import build_from, export_all, stack_file
from tests.components.samples import mixed, small
from tests.components.test_unified_graph import plain_texts
from tests.policies.graphs import faults


def pooled(topology: str = "unified", raw: dict[str, Any] | None = None, **keys: Any) -> dict[str, Any]:
    found = raw or small(topology)
    found["postgres"] = {**found["postgres"], "connections": 120, "pooler": keys}
    return found


def problems(raw: dict[str, Any]) -> list[str]:
    with pytest.raises(SettingsError) as error:
        parse(raw)
    return [str(problem) for problem in error.value.problems]


@pytest.mark.parametrize("raw", [pooled(), pooled("isolated"), pooled(raw=mixed()), pooled(raw=stack_file("dev"))])
def test_every_shape_with_a_pooler_passes_every_rule(raw):
    assert faults(build_from(raw, export_all)) == []


def test_without_a_pooler_nothing_of_it_is_there():
    graph = build_from(small(), export_all)
    assert not [one.name for one in graph.registered if "pooler" in one.name]
    assert "pgbouncer" not in pg_hba(admin="admin", subnet="10.0.0.0/24", gateway="10.0.0.1")


def test_adding_an_app_changes_no_container_and_no_volume_of_the_pooler():
    raw = pooled()
    before = build_from(copy.deepcopy(raw)).by_urn()
    raw["apps"]["news"] = {"postgres": {"database": "news", "connections": 3}}
    after = build_from(raw).by_urn()
    of_apps = {f"postgres-{app}-{role}" for app in ("shop", "blog") for role in ("a", "b", "database")}
    changed = {urn.split("::")[1] for urn, one in before.items() if after[urn].inputs != one.inputs}
    assert changed == {"postgres-pooler-pool-sizes", *of_apps}, "their shares are smaller"


def test_isolated_apps_have_a_pooler_each_at_a_fixed_address_of_their_own_network():
    graph = build_from(pooled("isolated"))
    found = {name for name in graph.of("Container") if name.endswith("pooler-container")}
    assert found == {f"isolated-{app}-postgres-pooler-container" for app in ("shop", "blog")}


def test_no_password_of_the_pooler_leaves_the_program_in_plain():
    graph = build_from(pooled(), export_all)
    everything = [dict(one.inputs) for one in graph.registered] + [dict(one) for one in graph.outputs.values()]
    assert "Plain-postgres-pooler-auth-password" in json.dumps(everything)
    assert not [text for text in plain_texts(everything) if "Plain-" in text or "SCRAM-SHA-256$" in text]


def test_a_stack_that_is_down_keeps_the_look_up_in_the_database_and_nothing_that_runs():
    up = build_from(pooled()).by_urn()
    down = build_from({**pooled(), "running": False}).by_urn()
    assert down.keys() < up.keys()
    assert {urn for urn in up if urn.startswith("postgresql:")} <= down.keys()
    assert not [urn for urn in down if ":Container:" in urn or ":Command:" in urn]
    assert {urn for urn, one in down.items() if one.inputs != up[urn].inputs} == set()


def test_the_pool_of_an_app_is_its_connections_or_the_cap_and_its_logins_take_no_more():
    raw = pooled(pool=5)
    raw["apps"]["shop"]["postgres"] |= {"connections": 3, "direct": 2}
    graph = build_from(raw)
    sizes = graph.of("Command")["postgres-pooler-pool-sizes"].inputs["environment"]
    assert json.loads(sizes["POOLER_POOLS"]) == {"blog": 5, "shop": 3}
    roles = graph.of("Role")
    assert roles["postgres-shop-a"].inputs["connectionLimit"] == 5
    assert roles["postgres-blog-a"].inputs["connectionLimit"] == 5
    assert graph.of("Database")["postgres-shop-database"].inputs["connectionLimit"] == 10


def test_the_pools_of_both_logins_of_an_app_count_together():
    assert pools_file("host=10.0.0.10 port=5432", {"shop": 3}) == (
        "[databases]\nshop = host=10.0.0.10 port=5432 pool_size=3 max_db_connections=3\n"
    )


def test_the_configuration_names_no_app_and_no_password():
    text = texts.config(
        settings=Pooler(clients=200, pool=7), server="host=/socket port=5432", default_pool=20, tls=True
    )
    assert "default_pool_size = 7\n" in text
    assert "max_client_conn = 210\n" in text
    assert "pool_mode = transaction\n" in text
    assert "auth_dbname = pgbouncer_auth\n" in text


@pytest.mark.parametrize(
    ("keys", "wanted"),
    [
        ({"mode": "statement"}, "data-tier:postgres.pooler.mode = 'statement'"),
        ({"clients": 5}, "data-tier:postgres.pooler.clients = 5"),
        ({"pool": 115}, "data-tier:postgres.pooler.pool = 115: the server takes 120 connections and has 99 for a pool"),
        ({"clients": 10}, "data-tier:postgres.pooler.clients = 10: shop alone may have 47 server connections"),
        ({"size": 5}, "data-tier:postgres.pooler.size: there is no such key"),
    ],
)
def test_a_pooler_that_cannot_work_is_refused(keys, wanted):
    assert any(problem.startswith(wanted) for problem in problems(pooled(**keys)))


def test_the_connections_of_look_ups_count_in_the_budget():
    raw = pooled()
    raw["postgres"]["connections"] = 62  # 2 x (20 + 5) + 10 + 6 are 66
    for app in ("shop", "blog"):
        raw["apps"][app]["postgres"]["connections"] = 20
    assert "the apps ask for 50 connections and the server has 46 for them: it takes 62, and 16" in problems(raw)[0]


@pytest.mark.parametrize("name", ["pgbouncer", "pgbouncer_auth"])
def test_a_database_with_a_name_of_the_poolers_own_is_refused(name):
    raw = pooled()
    raw["apps"]["blog"]["postgres"]["database"] = name
    assert problems(raw)[0].startswith(f"data-tier:apps.blog.postgres.database = '{name}'")


def test_direct_connections_without_a_pooler_are_refused():
    raw = small(shop={"postgres": {"database": "shop", "direct": 2}})
    assert problems(raw)[0].startswith("data-tier:apps.shop.postgres.direct = 2")


def test_a_second_server_of_the_poolers_name_is_refused():
    raw = pooled()
    raw["apps"]["blog"]["service"]["name"] = "small-postgres-unified-pooler"
    assert any("a container of this name is declared by data-tier:postgres.pooler" in one for one in problems(raw))
