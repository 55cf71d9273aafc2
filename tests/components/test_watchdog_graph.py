"""The watchdog beside a server: when it is there, what it may, and what it isn't given."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components.config import SettingsError, parse
from tests.components.recording import Graph, build_from, export_all
from tests.components.samples import small
from tests.policies.graphs import faults

LIMITS = {"statement_timeout": "5s"}
CONTAINER, ROLE = "postgres-watchdog-container", "postgres-watchdog-role"


def raw(topology: str = "unified", watchdog: dict[str, Any] | None = None, *apps: str) -> dict[str, Any]:
    made = small(topology)
    for app in apps or ("shop",):
        made["apps"].setdefault(app, {}).setdefault("postgres", {"database": app})["limits"] = LIMITS
    if watchdog is not None:
        made["postgres"]["watchdog"] = watchdog
    return made


def graph(*given: Any) -> Graph:
    return build_from(raw(*given), export_all)


def watchdogs(of: Graph) -> list[str]:
    return [one.inputs["name"] for one in of.of("Container").values() if one.inputs["name"].endswith("-watchdog")]


def test_a_server_whose_apps_have_limits_is_watched():
    assert watchdogs(graph()) == ["small-postgres-unified-watchdog"]
    assert watchdogs(graph("isolated")) == ["small-shop-postgres-watchdog"], "blog declares none"
    assert watchdogs(build_from(small())) == []
    assert watchdogs(graph("unified", {"enabled": False})) == []


def test_the_servers_own_container_is_the_same_before_the_first_app_has_limits():
    name = "docker:index/container:Container::postgres-server-container"
    assert build_from(small()).by_urn()[name] == graph().by_urn()[name]


def test_one_more_app_with_limits_leaves_the_watchdog_as_it_is():
    name = f"docker:index/container:Container::{CONTAINER}"
    assert graph().by_urn()[name] == graph("unified", None, "shop", "blog", "wiki").by_urn()[name]


def test_its_role_sees_and_ends_sessions_and_may_nothing_else():
    role = graph().of("Role")[ROLE].inputs
    assert sorted(role["roles"]) == ["pg_read_all_stats", "pg_signal_backend"]
    assert not {"superuser", "createRole", "createDatabase", "bypassRowLevelSecurity"} & role.keys()


def test_its_container_has_its_own_address_no_right_and_no_password_in_sight():
    its = graph().of("Container")[CONTAINER].inputs
    assert its["capabilities"] == {"drops": ["ALL"]}
    [network] = its["networksAdvanced"]
    assert network["ipv4Address"] == "172.26.10.15"
    assert "ports" not in its
    assert "Plain-" not in json.dumps([its["envs"], its["command"], its["uploads"], its["labels"]])


@pytest.mark.parametrize("topology", ["unified", "isolated"])
def test_the_policies_let_it_through(topology):
    assert faults(graph(topology)) == []


def test_a_stack_that_is_down_keeps_its_role_and_not_its_container():
    down = {**raw(), "running": False}
    of = build_from(down)
    assert watchdogs(of) == []
    assert ROLE in of.of("Role")


def test_names_that_it_needs_are_refused_to_others():
    taken = raw()
    taken["apps"]["site"]["service"]["name"] = "small-postgres-unified-watchdog"
    taken["apps"]["blog"]["postgres"]["database"] = "data_tier_watchdog"
    taken["postgres"]["name"] = "small-postgres-unified"
    with pytest.raises(SettingsError) as caught:
        parse(taken)
    said = [str(problem) for problem in caught.value.problems]
    assert len(said) == 2
    assert any("the watchdog beside small-postgres-unified is called so" in one for one in said)
    assert any("is declared by data-tier:postgres.watchdog" in one for one in said)


@pytest.mark.parametrize(
    ("watchdog", "part"),
    [
        ({"interval": 5}, "data-tier:postgres.watchdog.interval = 5: a time is a whole number"),
        ({"interval": "5 s"}, "data-tier:postgres.watchdog.interval = '5 s': a time is a whole number"),
        ({"interval": "2min"}, "data-tier:postgres.watchdog.interval"),
        ({"every": "5s"}, "data-tier:postgres.watchdog.every: there is no such key"),
    ],
)
def test_a_wrong_watchdog_is_one_clear_error(watchdog, part):
    with pytest.raises(SettingsError) as caught:
        parse(raw("unified", watchdog))
    [problem] = caught.value.problems
    assert part in str(problem)


def test_a_server_whose_watchdog_would_have_too_long_a_name_is_refused():
    made = raw()
    made["postgres"]["name"] = "p" * 55
    with pytest.raises(SettingsError, match="over 63 characters"):
        parse(made)
