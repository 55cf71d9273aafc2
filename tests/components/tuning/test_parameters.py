"""The sizes of a PostgreSQL server: they fit, are explained as they are set, and what is declared comes instead."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from components.config import SettingsError, parse
from components.config.models import Postgres
from components.config.pools import capacity
from components.tuning import sized
from components.tuning.catalogue import PARAMETERS, same
from components.tuning.postgres import RULES, explain, memory_at_most, parameters
from tests.components.recording import build_from
from tests.components.samples import small


def server(memory: str = "2Gi", cpu: float = 2, storage: str = "20Gi", **more: Any) -> Postgres:
    raw = {"image": "postgres:17", "resources": {"memory": memory, "cpu": cpu}, "storage": storage, **more}
    return Postgres.model_validate(raw)


@settings(derandomize=True, max_examples=300, database=None, deadline=None)
@given(st.integers(128, 2**20), st.floats(0.1, 256), st.integers(1, 2**24))
def test_all_parts_of_a_server_fit_in_its_memory_at_once(memory, cpu, storage):
    sized_by_rule = server(f"{memory}Mi", cpu, f"{storage}Mi")
    found = memory_at_most(sized_by_rule, capacity(sized_by_rule))
    assert sum(found.values()) <= memory * 1024


@settings(derandomize=True, max_examples=300, database=None, deadline=None)
@given(st.integers(128, 2**20), st.floats(0.1, 256), st.integers(1, 2**24), st.integers(20, 5000))
def test_every_rule_gives_a_value_that_postgresql_takes(memory, cpu, storage, connections):
    found = parameters(server(f"{memory}Mi", cpu, f"{storage}Mi", connections=connections))
    assert found["max_connections"] == str(connections)
    for name, value in found.items():
        if name != "max_connections":
            PARAMETERS[name].read(value)


def test_sizes_follow_from_memory_processors_and_connections():
    found = parameters(server(connections=100))
    wanted = {
        "shared_buffers": "512MB", "work_mem": "5242kB", "max_connections": "100", "temp_file_limit": "1024MB",
        "maintenance_work_mem": "128MB", "max_parallel_workers": "2", "max_parallel_workers_per_gather": "1",
        "max_wal_size": "2048MB", "autovacuum_max_workers": "3", "jit": "off",
    }  # fmt: skip
    assert {name: found[name] for name in wanted} == wanted


def test_every_value_that_a_server_is_started_with_is_explained_with_its_page():
    assert {one.name: one.value for one in explain(server())} == parameters(server())
    assert all(one.rule and one.source.startswith("https://www.postgresql.org/") for one in explain(server()))
    assert explain(server(connections=50))[0].source == "data-tier:postgres.connections"
    assert len({rule.name for rule in RULES}) == len(RULES)


def test_what_is_declared_comes_instead_and_says_where():
    found = {one.name: one for one in explain(server(parameters={"work_mem": "8MB", "checkpoint_timeout": "15min"}))}
    assert found["work_mem"].value == "8MB"
    assert found["work_mem"].source == "data-tier:postgres.parameters.work_mem"
    assert "instead of" in found["work_mem"].rule
    assert found["checkpoint_timeout"].rule == "declared"


def test_the_containers_command_is_what_is_explained():
    raw = small("isolated", blog={"postgres": {"database": "blog", "server": {"parameters": {"jit": True}}}})
    raw["postgres"]["parameters"] = {"random_page_cost": 1.5, "jit": False}
    containers = {one.inputs["name"]: one.inputs for one in build_from(raw).of("Container").values()}
    told = [its for its in sized(parse(raw)) if its.kind == "postgres"]
    assert {its.container for its in told} == {"small-shop-postgres", "small-blog-postgres"}
    for its in told:
        assert {f"{one.name}={one.value}" for one in its.values} <= set(containers[its.container]["command"])
    blog = {one.name: one for its in told if its.container == "small-blog-postgres" for one in its.values}
    assert (blog["jit"].value, blog["random_page_cost"].value) == ("on", "1.5")
    assert blog["jit"].source == "data-tier:apps.blog.postgres.server.parameters.jit"
    assert blog["random_page_cost"].source == "data-tier:postgres.parameters.random_page_cost"


def said(parameters: dict[str, Any] | None = None, **postgres: Any) -> list[str]:
    raw = small()
    raw["postgres"] |= {"parameters": parameters or {}, **postgres}
    try:
        parse(raw)
    except SettingsError as error:
        return [str(problem) for problem in error.problems]
    return []


@pytest.mark.parametrize(
    ("name", "value", "part"),
    [
        ("work_men", "8MB", "it isn't one of the parameters that may be set. Did you mean work_mem?"),
        ("hba_file", "/x", "it isn't one of the parameters that may be set"),
        ("listen_addresses", "*", "it isn't one of the parameters"),
        ("shared_preload_libraries", "x", "it isn't one of the parameters"),
        ("max_connections", 50, "Declare connections beside parameters"),
        ("statement_timeout", "5s", "Declare it in limits of each app"),
        ("work_mem", "64 MB", "= '64 MB': PostgreSQL takes a whole number with kB, MB or GB here, without a blank"),
        ("work_mem", 64, "= '64': PostgreSQL takes a whole number with kB, MB or GB"),
        ("work_mem", "64Mi", "PostgreSQL takes a whole number with kB, MB or GB"),
        ("work_mem", "1kB", "PostgreSQL takes"),
        ("checkpoint_timeout", "5 min", "a whole number with ms, s, min or h"),
        ("checkpoint_timeout", "1s", "PostgreSQL takes"),
        ("random_page_cost", "cheap", "a number from 0 to 1e+10"),
        ("jit", "maybe", "true or false"),
        ("jit", "on -c ssl=off", "true or false"),
        ("max_parallel_workers", "2000", "a whole number from 0 to 1024"),
        ("jit", [1], "a parameter has one value"),
        ("shared_buffers", "1GB", "shared_buffers 1024 MiB"),
        ("work_mem", "64MB", "with 60 connections the parts come to"),
        ("temp_file_limit", "40GB", "it is more than the 20480 MiB of storage"),
    ],
)  # fmt: skip
def test_a_wrong_parameter_is_one_clear_error(name, value, part):
    [problem] = said({name: value})
    assert problem.startswith(f"data-tier:postgres.parameters.{name}")
    assert part in problem


@pytest.mark.parametrize(
    "parameters", [{"work_mem": "1MB"}, {"jit": True}, {"random_page_cost": 4}, {"temp_file_limit": -1},
                   {"autovacuum_work_mem": -1, "autovacuum_max_workers": 1}],
)  # fmt: skip
def test_a_right_parameter_passes(parameters):
    assert said(parameters) == []


def test_more_connections_than_the_memory_holds_are_one_error_at_their_key():
    [problem] = said(connections=4000)
    assert problem.startswith("data-tier:postgres.connections = 4000: with 4000 connections the parts come to")


@pytest.mark.parametrize(("connections", "problems"), [(20, 0), (80, 1)])
def test_a_declared_work_mem_is_held_against_what_the_logins_may_open(connections, problems):
    blog = {"database": "blog", "connections": connections}
    blog["server"] = {"connections": 100, "resources": {"memory": "512Mi"}}
    blog["server"]["parameters"] = {"shared_buffers": "256MB", "work_mem": "4MB"}
    try:
        parse(small("isolated", blog={"postgres": blog}))
        found = []
    except SettingsError as error:
        found = [str(problem) for problem in error.problems]
    assert len(found) == problems
    assert all("with 95 connections the parts come to 700 MiB of 512" in problem for problem in found), found


def test_limits_that_the_server_cant_hold_are_refused_where_they_are_declared():
    limits = {"work_mem": "32Mi", "temp_file_limit": "30Gi"}
    with pytest.raises(SettingsError) as caught:
        parse(small(shop={"postgres": {"database": "shop", "limits": limits}}))
    first, second = (str(problem) for problem in caught.value.problems)
    assert first.startswith("data-tier:apps.shop.postgres.limits.work_mem = '32Mi': 20 connections of 32 MiB each")
    assert first.endswith("Write 9Mi or less.")
    assert second.startswith("data-tier:apps.shop.postgres.limits.temp_file_limit")


@pytest.mark.parametrize(
    ("one", "other", "is_same"), [("1024MB", "1GB", True), ("64kB", "64MB", False), ("-1", "-1", True)]
)
def test_two_spellings_of_a_size_are_the_same(one, other, is_same):
    assert same("temp_file_limit", one, other) is is_same
