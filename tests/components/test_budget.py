"""How the connections of a server are divided among its apps, with figures."""

from __future__ import annotations

import pytest

from components.budget import Budget, look_ups
from components.config import SettingsError, parse, pools
from tests.components.samples import small


def problems(raw):
    with pytest.raises(SettingsError) as error:
        parse(raw)
    return [str(problem) for problem in error.value.problems]


def pooled(connections=120, apps=None, **keys):
    raw = small(**(apps or {}))
    raw["postgres"] = {**raw["postgres"], "connections": connections, "pooler": keys}
    return raw


def test_what_is_left_is_shared_by_weight_and_nothing_is_spent_twice():
    budget = Budget(capacity=100, processes=1, weights={"shop": 3, "blog": 1}, direct={"shop": 4})
    assert budget.own == 10 + look_ups(1) == 16
    assert budget.pools() == {"shop": 1 + 51, "blog": 1 + 17}  # 100 - 16 - 4 direct - 2 x 5 - 2 x 1 = 68
    assert sum(budget.pools().values()) + 4 + 10 + budget.own <= 100


def test_who_says_a_number_has_it_and_the_others_share_the_rest():
    budget = Budget(capacity=60, processes=1, declared={"shop": 20}, weights={"blog": 1})
    assert budget.pools() == {"shop": 20, "blog": 14}


def test_each_process_has_a_connection_for_each_app_however_light():
    budget = Budget(capacity=60, processes=4, weights={"shop": 1000, "blog": 1})
    assert min(budget.pools().values()) >= 4


def test_no_app_has_more_than_the_cap():
    assert Budget(capacity=400, processes=1, weights={"shop": 1}, cap=25).pools() == {"shop": 25}


def test_without_a_pooler_an_app_has_what_it_says_and_nothing_is_kept_for_look_ups():
    settings = parse(small())
    assert pools.pool_size(settings, "shop", "unified") is None
    assert pools.login_connections(settings, "shop", "unified") == 20
    assert pools.budget(settings, "unified", "shop").own == 10


def test_the_logins_take_the_pool_and_the_direct_ones():
    settings = parse(pooled(apps={"shop": {"postgres": {"database": "shop", "connections": 8, "direct": 2}}}))
    assert pools.pool_size(settings, "shop", "unified") == 8
    assert pools.login_connections(settings, "shop", "unified") == 10


def test_an_app_with_a_server_of_its_own_has_all_of_its_budget():
    raw = pooled(60, apps={"shop": {"postgres": {"database": "shop"}, "dedicated": True}})
    settings = parse(raw)
    assert pools.pool_size(settings, "shop", "isolated") == 60 - 16 - 5


def test_a_budget_that_is_too_small_is_one_error_with_its_figures():
    apps = {"shop": {"postgres": {"database": "shop", "connections": 20, "direct": 3}}}
    found = problems(pooled(30, apps=apps))
    assert len(found) == 1
    assert found[0].startswith("data-tier:postgres.connections = 30: the apps ask for ")
    assert "the server has 14 for them: it takes 30, and 16 are for administration and the pooler" in found[0]
    assert "Declare at least" in found[0]


def test_a_pool_smaller_than_the_processes_is_one_error():
    apps = {"shop": {"postgres": {"database": "shop", "connections": 2}}}
    found = problems(pooled(apps=apps, processes=4))
    assert [one.split(":")[1].split(" ")[0] for one in found] == ["apps.shop.postgres.connections"]
    assert "the pooler has 4 processes" in found[0]


@pytest.mark.parametrize("feature", ["listen", "session-locks", "temporary-tables", "sql-prepare"])
def test_a_feature_that_the_pool_mode_takes_away_is_one_error(feature):
    apps = {"shop": {"postgres": {"database": "shop", "needs": [feature]}}}
    found = problems(pooled(apps=apps))
    assert len(found) == 1
    assert found[0].startswith(f"data-tier:apps.shop.postgres.needs = '{feature}': a pooler in transaction mode")
    parse(pooled(apps=apps, mode="session"))
    apps["shop"]["postgres"]["direct"] = 1
    parse(pooled(apps=apps))
    del apps["shop"]["postgres"]["direct"]
    parse(small(**apps))


def test_an_unknown_feature_is_refused():
    apps = {"shop": {"postgres": {"database": "shop", "needs": ["telepathy"]}}}
    assert problems(small(**apps))[0].startswith("data-tier:apps.shop.postgres.needs")


@pytest.mark.parametrize(("keys", "count"), [({}, 1), ({"cpu": 0.5}, 1), ({"cpu": 3.5}, 3), ({"processes": 2}, 2)])
def test_there_is_a_process_for_each_whole_core_unless_it_is_said(keys, count):
    pooler = parse(pooled(**keys)).postgres.pooler
    assert pooler is not None
    assert pooler.count == count
