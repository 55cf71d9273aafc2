"""The rules of where apps are: places, own servers and subnets, moves, retirement."""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest

from components.config import parse
from components.config.places import own_subnet
from tests.components.config.test_settings_rules import changed, refused
from tests.components.recording import stack_file

RULES = [
    ("network/data/apps", "172.29.0.0/28", "data-tier:network.data.apps = '172.29.0.0/28': a subnet is private and no"),
    ("network/backend/apps", "172.29.0.0/16", "data-tier:network.backend.apps = '172.29.0.0/16': the subnets of apps"),
    ("network/data/publish", "loopback", "publish and ports belong together"),
    ("apps/saleor/subnet", "172.29.0.0/29", "data-tier:apps.saleor.subnet = '172.29.0.0/29': a subnet is private and"),
    ("apps/saleor/dedicated", "yes", "data-tier:apps.saleor.dedicated = 'yes': this must be true or false"),
    ("apps/saleor/serving", "isolated",
     "data-tier:apps.saleor.serving = 'isolated': the app isn't declared in the isolated place. Write keep"),
    ("apps/saleor/serving", "here", "data-tier:apps.saleor.serving = 'here': this must be 'unified' or 'isolated'"),
    ("apps/saleor/keep", ["isolated", "isolated"], "data-tier:apps.saleor.keep[1] = 'isolated': it is named twice"),
    ("apps/saleor/keep", "isolated", "data-tier:apps.saleor.keep = 'isolated': this must be a list"),
    ("apps/dashboard/dedicated", True, "data-tier:apps.dashboard.dedicated: it says where the app's stores are, and"),
    ("apps/directory/redis_server", {"memory": "64Mi"}, "data-tier:apps.directory.redis_server: the app uses no Redis"),
    ("apps/saleor/postgres/server", {"image": "x"}, "data-tier:apps.saleor.postgres.server.image: there is no such"),
    ("apps/saleor/postgres/server", {"connections": 5}, "at least 20"),
    ("retired", ["shop"], "data-tier:retired[0] = 'shop': there is no such app in data-tier:apps"),
    ("retired", ["saleor", "saleor"], "data-tier:retired[1] = 'saleor': it is named twice"),
    ("retired", "saleor", "data-tier:retired = 'saleor': this must be a list"),
    ("purging", ["saleor"], "data-tier:purging[0] = 'saleor': only a retired app can be purged"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "value", "said"), RULES, ids=[f"{path}={value}"[:60] for path, value, _ in RULES])
def test_a_wrong_value_is_refused_with_its_key_and_rule(path, value, said):
    message = refused(changed(path, value))
    assert said in message
    assert message.startswith("1 problem in the stack file; nothing was built:")


def isolated(path: str = "", value: Any = None) -> dict[str, Any]:
    raw = changed(path, value) if path else copy.deepcopy(stack_file("dev"))
    return {**raw, "topology": "isolated"}


def test_a_stack_with_every_app_isolated_needs_no_data_tier():
    raw = isolated()
    del raw["network"]["data"]
    assert parse(raw).topology == "isolated"
    raw["apps"]["brain"]["serving"] = "unified"
    raw["apps"]["brain"]["keep"] = ["unified"]
    assert "data-tier:network: the data tier is internal" in refused(raw)


def test_an_own_subnet_that_is_taken_is_refused_with_a_free_one():
    taken = str(own_subnet(parse(isolated()), "wagtail"))
    message = refused(isolated("apps/saleor/subnet", taken))
    assert message.startswith("1 problem")
    assert f"data-tier:apps.saleor.subnet = '{taken}': {taken} overlaps {taken} of data-tier:apps.wagtail" in message
    proposed = re.search(r"Write subnet: (\S+)\.", message)
    assert proposed, message
    assert len(parse(isolated("apps/saleor/subnet", proposed[1])).apps) == 9


def test_an_own_subnet_on_a_tier_is_the_apps_problem():
    message = refused(isolated("apps/brain/subnet", "172.28.20.16/28"))
    assert "172.28.20.16/28 overlaps 172.28.20.0/24 of data-tier:network.backend.subnet" in message


def test_a_pool_that_is_full_is_told():
    raw = isolated("network/data/apps", "172.29.0.0/27")
    assert "data-tier:network.data.apps is full" in refused(raw)


def test_an_own_subnet_follows_the_name_and_not_the_neighbours():
    raw = isolated()
    before = own_subnet(parse(raw), "saleor")
    raw["apps"] = {"saleor": raw["apps"]["saleor"]}
    assert own_subnet(parse(raw), "saleor") == before


def test_each_own_server_has_a_budget_of_its_own():
    raw = isolated("apps/saleor/postgres/server", {"connections": 30})
    message = refused(raw)
    assert message.startswith("1 problem")
    assert "data-tier:apps.saleor.postgres.server.connections = 30: the apps ask for 25 connections and" in message


def test_two_isolated_apps_may_call_their_databases_alike():
    raw = isolated("apps/saleor/postgres/database", "wagtail_cms")
    assert parse(raw).apps["saleor"].postgres
    assert "declared by data-tier:apps.wagtail.postgres.database" in refused({**raw, "topology": "unified"})


@pytest.mark.parametrize(("app", "content"), [
    ("saleor-postgres", {"service": {"tier": "backend"}}),
    ("shop", {"service": {"tier": "backend", "name": "bizosaas-saleor-redis"}}),
    ("shop", {"service": {"tier": "backend", "aliases": ["saleor-redis"]}}),
])  # fmt: skip
def test_a_name_of_an_own_server_has_one_owner(app: str, content: dict[str, Any]) -> None:
    assert re.search(r"a container of this name|answers to this name", refused(isolated(f"apps/{app}", content)))


def test_an_own_servers_name_that_is_too_long_wants_a_name():
    raw = isolated()
    raw["prefix"] = "p" * 40
    raw["apps"] = {"a" * 20: {"redis": ["cache"]}}
    assert f"data-tier:apps.{'a' * 20}.redis_server: prefix and app make a name over 63" in refused(raw)


def test_a_retired_apps_port_is_free_for_another():
    raw = changed("apps/shop", {"service": {"tier": "backend", "port": "4003:8000"}})
    assert "the host port is taken" in refused(raw)
    assert parse({**raw, "retired": ["saleor"]}).retired == ("saleor",)


def test_nothing_is_purged_while_the_stack_is_down():
    raw = {**stack_file("dev"), "retired": ["saleor"], "purging": ["saleor"]}
    assert parse(raw).purging == ("saleor",)
    assert "data-tier:purging: nothing can be deleted on servers that don't run" in refused({**raw, "running": False})
