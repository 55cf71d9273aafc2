"""What a generation declares: which login is open, which password is new, and what waits for what."""

from __future__ import annotations

from typing import Any

import pytest

from components.config import parse
from components.config.ledger import compare
from components.rotation import Rotation
from tests.components.recording import Graph, build_from, export_all
from tests.components.samples import small
from tests.policies.graphs import faults

ROLE, FILL = "postgresql:index/role:Role::postgres-shop", "docker:index/container:Container::service-shop-secrets-fill"
DRAINED = "command:local:Command::postgres-shop-drained"
ACL, SETTLED = "command:local:Command::redis-shop-acl", "command:local:Command::redis-shop-acl-settled"


def rotated(generation: int, topology: str = "unified", **more: Any) -> Graph:
    return build_from(small(topology, shop={"generation": generation, **more}), export_all)


@pytest.mark.parametrize(
    ("generation", "current", "a", "b"),
    [(1, "a", None, None), (2, "b", None, "2"), (3, "a", "3", "2"), (4, "b", "3", "4")],
)
def test_each_generation_makes_one_password_for_the_login_that_it_turns_to(generation, current, a, b):
    its = Rotation(generation=generation)
    assert its.current == current
    made = [(its.keepers(slot) or {}).get("generation") for slot in ("a", "b")]
    assert made == [a, b]


def test_the_login_before_is_locked_and_the_other_is_open():
    for generation, slots in ((2, "ba"), (3, "ab")):
        roles = rotated(generation).by_urn()
        assert [roles[f"{ROLE}-{slot}"].inputs["login"] for slot in slots] == [True, False]


def test_files_wait_for_the_new_login_and_the_lock_for_files_and_sessions():
    graph = rotated(2).by_urn()
    assert {f"{ROLE}-b", ACL} <= set(graph[FILL].dependencies)
    assert FILL in graph[DRAINED].dependencies
    assert {DRAINED, FILL} <= set(graph[f"{ROLE}-a"].dependencies)
    assert {ACL, FILL} <= set(graph[SETTLED].dependencies)


def test_a_rotation_touches_the_service_of_an_app_only_where_it_reads_its_file_once():
    name = "docker:index/container:Container::service-shop-container"
    assert rotated(2).by_urn()[name].inputs == rotated(3).by_urn()[name].inputs
    once = {"service": {"tier": "backend", "port": "4001:8000", "reads": "start"}}
    graphs = [rotated(generation, **once).by_urn() for generation in (2, 3)]
    assert graphs[0][name].inputs != graphs[1][name].inputs
    assert name in graphs[0][DRAINED].dependencies, "until it has started again it uses the login before"


def test_an_overlap_leaves_the_login_before_open():
    graph = rotated(2, overlap=True).by_urn()
    assert graph[f"{ROLE}-a"].inputs["login"]
    assert not {DRAINED, SETTLED} & graph.keys()


def test_an_app_that_rotates_changes_nothing_of_others():
    first, second = rotated(1).by_urn(), rotated(2).by_urn()
    assert {urn for urn in first if "shop" not in urn and first[urn] != second[urn]} == set()


@pytest.mark.parametrize("topology", ["unified", "isolated"])
def test_a_rotated_stack_passes_every_rule(topology):
    assert faults(rotated(3, topology)) == []


def test_limits_are_those_of_the_logins_and_not_of_migrations():
    raw = small(shop={"postgres": {"database": "shop", "limits": {"statement_timeout": "2min"}}})
    roles = build_from(raw).by_urn()
    assert [roles[f"{ROLE}-{role}"].inputs.get("statementTimeout") for role in ("a", "b", "migrate")] == [
        120_000,
        120_000,
        None,
    ]


def test_a_stack_that_is_down_keeps_both_logins():
    raw = small(shop={"generation": 2})
    raw["running"] = False
    graph = build_from(raw).by_urn()
    assert {f"{ROLE}-a", f"{ROLE}-b"} <= graph.keys()
    assert not [urn for urn in graph if ":Command:" in urn]


def said(was: int | None, now: int, *, running: bool = True) -> list[str]:
    entry = {"database": "shop", "redis": [], "places": ["unified"], "serving": "unified", "generation": was}
    raw = {**small(shop={"generation": now}), "running": running}
    return [str(problem) for problem in compare({"apps": {"shop": entry}}, parse(raw))]


def test_generations_go_up_one_at_a_time():
    assert said(2, 2) == said(2, 3) == said(None, 1) == []
    for was, now in ((2, 4), (2, 1), (None, 2)):
        [one] = said(was, now)
        assert f"data-tier:apps.shop.generation = {now}" in one


def test_logins_of_servers_that_are_down_cant_change_over():
    [one] = said(2, 3, running=False)
    assert "the servers are down" in one
