"""What a reader declares: where it exists, what it is granted, what waits for what, and what stays as it was."""

from __future__ import annotations

from typing import Any

import pytest

from components.config import SettingsError, parse
from components.config.ledger import compare
from components.outputs import exports
from components.postgres._hba import pg_hba
from tests.components.recording import SECRET, SIGNATURE, Graph, build_from, export_all
from tests.components.samples import small
from tests.policies.graphs import faults

ROLE, CONTAINER = "postgresql:index/role:Role", "docker:index/container:Container"


def read(topology: str = "unified", reader: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """Shop and blog are read by one reader, shop by a second one too."""
    raw = small(topology)
    raw["apps"]["shop"]["postgres"]["readers"] = ["analytics_ro", "audit_ro"]
    raw["apps"]["blog"]["postgres"]["readers"] = ["analytics_ro"]
    raw["readers"] = {"analytics_ro": reader or {}, "audit_ro": {}}
    return {**raw, **more}


def granted(graph: Graph, database: str, role: str) -> dict[str, list[str]]:
    """What a role gets in a database: privileges by resource type and object type."""
    return {
        f"{one.type.rpartition(':')[2]} {one.inputs['objectType']}": one.inputs["privileges"]
        for one in graph.registered
        if one.type.startswith(("postgresql:index/grant", "postgresql:index/def"))
        if (one.inputs["database"], one.inputs["role"]) == (database, role)
    }


def test_a_reader_exists_once_on_each_server_with_a_database_that_names_it():
    roles = {one.inputs["name"]: name for name, one in build_from(read()).of("Role").items()}
    assert {name: roles[name] for name in roles if "_ro" in name or "readers" in name} == {
        "data_tier_readers": "readers-all",
        **{f"analytics_ro{suffix}": f"readers-analytics_ro-{role}" for suffix, role in _ROLES},
        **{f"audit_ro{suffix}": f"readers-audit_ro-{role}" for suffix, role in _ROLES},
    }
    names = build_from(read("isolated")).of("Role")
    assert {"isolated-shop-readers-analytics_ro-a", "isolated-blog-readers-analytics_ro-a"} <= names.keys()
    assert "isolated-blog-readers-audit_ro-a" not in names


_ROLES = (("", "group"), ("_a", "a"), ("_b", "b"))


def test_a_reader_may_select_and_nothing_else():
    graph = build_from(read())
    assert granted(graph, "shop", "analytics_ro") == {
        "Grant database": ["CONNECT"],
        "Grant schema": ["USAGE"],
        "DefaultPrivileges schema": ["USAGE"],
        "DefaultPrivileges table": ["SELECT"],
        "DefaultPrivileges sequence": ["SELECT"],
    }
    assert granted(graph, "shop", "public")["DefaultPrivileges function"] == []
    assert granted(graph, "blog", "audit_ro") == {}, "blog doesn't name it"


def test_grants_of_a_database_with_readers_are_one_chain():
    graph = build_from(read())
    kinds = ("postgresql:index/grant", "postgresql:index/def", "command:local")
    for app, links in (("shop", 8 + 1 + 2 * 6), ("blog", 8 + 1 + 6)):
        own = [
            one
            for one in graph.registered
            if one.type.startswith(kinds) and one.name.startswith((f"postgres-{app}-", f"readers-{app}-"))
        ]
        names = {one.name for one in own}
        before = [{found.split("::")[1] for found in one.dependencies} & names for one in own]
        assert len(own) == links
        assert sorted(len(one) for one in before) == [0] + [1] * (links - 1)
        assert len(set().union(*before)) == links - 1, "two links wait for the same one"


def test_what_a_reader_adds_changes_nothing_that_is_there_but_the_room_for_its_connections():
    before, after = build_from(small(), export_all).by_urn(), build_from(read(), export_all).by_urn()
    changed = {urn for urn, one in before.items() if after[urn] != one}
    databases = {f"postgresql:index/database:Database::postgres-{app}-database" for app in ("shop", "blog")}
    assert changed == databases
    assert (
        after[f"{databases and 'postgresql:index/database:Database'}::postgres-shop-database"].inputs["connectionLimit"]
        == 20 + 5 + 2 * 5
    )


def test_the_rules_of_pg_hba_name_no_reader_and_keep_them_out_of_the_servers_own_databases():
    text = pg_hba(admin="admin", subnet="172.28.10.0/24", gateway="172.28.10.1")
    lines = [line.split() for line in text.splitlines() if "readers" in line]
    assert lines == [
        ["host", "postgres,template1", "+data_tier_readers", "all", "reject"],
        ["hostssl", "all", "+data_tier_readers", "172.28.10.0/24", "scram-sha-256"],
    ]


def test_a_readers_logins_alternate_and_the_former_is_locked_after_it_was_drained():
    graph = build_from(read(reader={"generation": 2})).by_urn()
    name = f"{ROLE}::readers-analytics_ro"
    assert [graph[f"{name}-{slot}"].inputs["login"] for slot in "ab"] == [False, True]
    assert "command:local:Command::readers-analytics_ro-drained" in graph[f"{name}-a"].dependencies
    overlapping = build_from(read(reader={"generation": 2, "overlap": True})).by_urn()
    assert overlapping[f"{name}-a"].inputs["login"]


def test_no_password_of_a_reader_leaves_the_program_in_plain():
    seen: dict[str, Any] = {}
    graph = build_from(read(), lambda topology: seen.update(exports(topology)))
    for name, one in graph.of("Role").items():
        if "password" in one.inputs:
            assert one.inputs["password"][SIGNATURE] == SECRET, name
    assert seen["readers"]["analytics_ro"] == {"apps": ["shop", "blog"], "generation": 1}
    urls = [told["urls"] for name, told in graph.outputs.items() if name.endswith(":Readers::readers")]
    assert all(url[SIGNATURE] == SECRET for its in urls for by_app in its.values() for url in by_app.values())
    assert urls


@pytest.mark.parametrize("topology", ["unified", "isolated"])
def test_a_stack_with_readers_passes_every_rule(topology):
    assert faults(build_from(read(topology))) == []


def test_with_the_servers_down_the_roles_stay_and_no_command_runs():
    graph = build_from(read(running=False)).by_urn()
    assert f"{ROLE}::readers-analytics_ro-a" in graph
    assert not [urn for urn in graph if ":Command:" in urn or ":Container:" in urn]


def said(raw: dict[str, Any]) -> str:
    with pytest.raises(SettingsError) as caught:
        parse(raw)
    assert len(caught.value.problems) == 1, str(caught.value)
    return str(caught.value)


def with_readers(**readers: Any) -> dict[str, Any]:
    raw = small()
    raw["readers"] = readers
    raw["apps"]["shop"]["postgres"]["readers"] = [*readers]
    return raw


def test_a_reader_that_is_not_declared_is_named():
    raw = read()
    raw["apps"]["blog"]["postgres"]["readers"] = ["analitics_ro"]
    assert "data-tier:apps.blog.postgres.readers[0] = 'analitics_ro': there is no such reader" in said(raw)


def test_a_reader_that_no_app_names_is_told():
    raw = small()
    raw["readers"] = {"analytics_ro": {}}
    assert "data-tier:readers.analytics_ro: no app names it" in said(raw)


def test_a_reader_of_an_app_that_has_an_error_is_no_second_problem():
    raw = with_readers(analytics_ro={})
    raw["apps"]["shop"]["postgres"]["database"] = "Shop"
    assert "a database has a-z" in said(raw)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        (
            "shop",
            "data-tier:readers.shop = 'shop': the database or one of its roles is declared by data-tier:apps.shop",
        ),
        ("shop_owner", "declared by data-tier:apps.shop.postgres.database"),
        ("admin", "declared by data-tier:postgres.admin"),
        ("data_tier_readers", "declared by data-tier:readers"),
        ("Analytics", "PostgreSQL names here have a-z"),
        ("pg_read_all_data", "PostgreSQL keeps this name for itself"),
        ("r" * 62, "61 characters at most"),
    ],
)
def test_a_readers_name_is_one_for_roles_and_its_own(name, wanted):
    assert wanted in said(with_readers(**{name: {}}))


def test_two_readers_whose_logins_have_one_name_are_refused():
    assert "data-tier:readers.bi_a = 'bi_a'" in said(with_readers(bi={}, bi_a={}))


@pytest.mark.parametrize(
    ("keys", "wanted"),
    [
        ({"password": "hunter2"}, "data-tier:readers.analytics_ro.password: there is no such key"),
        ({"connections": 0}, "at least 1"),
        ({"connections": 90}, "the apps ask for 140 connections and the server has 90"),
        ({"overlap": True}, "there is none before the first"),
        ({"limits": {"statement_timeout": "5 s"}}, "a time is a whole number with ms, s, min or h"),
    ],
)
def test_a_wrong_key_of_a_reader_is_one_problem(keys, wanted):
    message = said(with_readers(analytics_ro=keys))
    assert wanted in message
    assert "hunter2" not in message


def test_a_reader_that_is_named_twice_is_told():
    raw = read()
    raw["apps"]["blog"]["postgres"]["readers"] = ["analytics_ro"] * 2
    assert "data-tier:apps.blog.postgres.readers[1] = 'analytics_ro': it is named twice" in said(raw)


def test_a_readers_generations_go_up_one_at_a_time_and_it_may_go():
    last = {"readers": {"analytics_ro": {"generation": 2}, "gone_ro": {"generation": 9}}}
    for now in (2, 3):
        assert compare(last, parse(read(reader={"generation": now}))) == []
    for now in (1, 4):
        [one] = compare(last, parse(read(reader={"generation": now})))
        assert f"data-tier:readers.analytics_ro.generation = {now}: it was 2" in str(one)


def test_an_app_that_migrates_itself_acts_as_the_owner_and_goes_on_as_it_was_without():
    raw = small(shop={"postgres": {"database": "shop", "ddl": True}})
    roles = build_from(raw).by_urn()
    for slot in "ab":
        its = roles[f"{ROLE}::postgres-shop-{slot}"].inputs
        assert (its["roles"], its["assumeRole"]) == (["shop", "shop_owner"], "shop_owner")
        assert "assumeRole" not in build_from(small()).by_urn()[f"{ROLE}::postgres-shop-{slot}"].inputs
    assert faults(build_from(raw)) == []


def test_an_app_that_can_switch_policies_off_has_none():
    raw = small(shop={"postgres": {"database": "shop", "ddl": True, "row_level_security": {}}})
    assert "data-tier:apps.shop.postgres: ddl and row_level_security exclude each other" in said(raw)
