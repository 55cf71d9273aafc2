"""A further database of a service: its file, its network, its place in a rotation, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from components.config import SettingsError, parse
from tests.components.recording import Graph, build_from, export_all
from tests.components.samples import outside, small
from tests.components.test_external_graph import authority

NAME = "LEGACY_DATABASE_URL"


def using(topology: str = "unified", **apps: Any) -> dict[str, Any]:
    """The blog's database is the shop's second one."""
    return small(topology, **{"shop": {"uses": {NAME: "blog"}}, **apps})


def files(graph: Graph, app: str) -> dict[str, str]:
    """Name and content of each secret file; what is a secret in the graph is one of its plain values here."""
    return {
        one["file"].removeprefix("/in/"): _plain(one["content"])
        for one in graph.of("Container")[f"service-{app}-secrets-fill"].inputs["uploads"]
    }


def _plain(content: Any) -> str:
    return str(content["value"] if isinstance(content, dict) else content)


def networks(graph: Graph, app: str) -> list[str]:
    return [join["name"] for join in graph.of("Container")[f"service-{app}-container"].inputs["networksAdvanced"]]


def problems(raw: dict[str, Any]) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        parse(raw)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize("topology", ["unified", "isolated"])
def test_the_service_gets_the_other_apps_url_in_a_file_of_the_name_that_was_said(topology):
    graph = build_from(using(topology), export_all)
    mine, theirs = files(graph, "shop"), files(graph, "blog")
    assert "legacy_database_url" in mine
    assert mine["legacy_database_url"] == theirs["database_url"]
    assert mine["database_url"] != theirs["database_url"]
    environment = graph.of("Container")["service-shop-container"].inputs["envs"]
    assert "LEGACY_DATABASE_URL_FILE=/run/secrets/legacy_database_url" in environment
    assert "legacy_database_url" not in theirs


def test_it_joins_the_other_apps_network_only_where_that_is_another_one():
    assert networks(build_from(using()), "shop").count("small-data-tier") == 1
    apart = networks(build_from(using("isolated")), "shop")
    assert apart[-3:-1] == ["small-shop-data", "small-blog-data"]
    assert "small-shop-data" not in networks(build_from(using("isolated")), "blog")


def test_a_service_without_stores_of_its_own_may_use_one():
    raw = small(tool={"uses": {NAME: "blog"}, "service": {"tier": "backend"}})
    graph = build_from(raw, export_all)
    assert files(graph, "tool").keys() == {"ca.crt", "legacy_database_url"}
    assert "small-data-tier" in networks(graph, "tool")


def test_the_login_before_is_locked_after_both_services_have_the_new_url():
    raw = using(blog={"postgres": {"database": "blog"}, "generation": 2, "service": {"tier": "backend"}})
    graph = build_from(raw)
    drained = graph.of("Command")["postgres-blog-drained"].dependencies
    assert {name.rsplit("::", 1)[-1] for name in drained} >= {"service-shop-secrets-fill", "service-blog-secrets-fill"}
    fill = graph.of("Container")["service-shop-secrets-fill"].dependencies
    assert any(name.endswith("::postgres-blog-b") for name in fill), "nobody gets a URL that doesn't work yet"
    assert not any(name.endswith("::postgres-shop-b") for name in fill)


def test_a_service_that_reads_at_its_start_is_replaced_by_the_other_apps_rotation():
    raw = using(blog={"postgres": {"database": "blog"}, "generation": 2})
    raw["apps"]["shop"]["service"]["reads"] = "start"
    labels = graph_labels(build_from(raw), "shop")
    assert labels["data-tier.generation.blog"] == "2"
    assert "data-tier.generation" not in labels


def graph_labels(graph: Graph, app: str) -> dict[str, str]:
    found = graph.of("Container")[f"service-{app}-container"].inputs["labels"]
    return {one["label"]: one["value"] for one in found}


def test_a_database_outside_of_the_stack_comes_with_its_way_and_authority(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "db.pem").write_text(authority())
    raw = outside(sslmode="verify-full", ca="db.pem")
    raw["apps"]["shop"]["uses"] = {NAME: "wiki"}
    graph = build_from(raw, export_all)
    mine = files(graph, "shop")
    assert "sslrootcert=/run/secrets/postgres-wiki.crt" in mine["legacy_database_url"]
    assert "postgres-wiki.crt" in mine
    assert "small-wiki-data" in networks(graph, "shop")


def test_it_is_asked_for_by_the_driver_of_who_connects():
    raw = using()
    raw["apps"]["shop"]["postgres"]["driver"] = "asyncpg"
    graph = build_from(raw)
    assert files(graph, "shop")["legacy_database_url"].startswith("postgresql+asyncpg://blog_a:")
    assert files(graph, "blog")["database_url"].startswith("postgresql://blog_a:")


@pytest.mark.parametrize(
    ("apps", "words"),
    [
        ({"shop": {"uses": {NAME: "nobody"}}}, "there is no such app in data-tier:apps"),
        ({"shop": {"uses": {NAME: "feed"}}}, "feed has no database"),
        ({"shop": {"uses": {NAME: "shop"}}}, "the app's own database"),
        ({"shop": {"uses": {"DATABASE_URL": "blog"}}}, "the app's own stores"),
        ({"shop": {"uses": {"DATABASE_DIRECT_URL": "blog"}}}, "the app's own stores"),
        ({"shop": {"uses": {"REDIS_URL_QUEUE": "blog"}}}, "the app's own stores"),
        ({"shop": {"uses": {"legacy-url": "blog"}}}, "capitals, digits and underscores"),
        ({"site": {"uses": {NAME: "blog"}}}, "never a data URL"),
        ({"tool": {"uses": {NAME: "blog"}, "redis": ["cache"]}}, "the app has no service"),
    ],
)
def test_what_leads_nowhere_is_one_clear_error(apps, words):
    [problem] = problems(small(**apps))
    assert words in problem


def test_a_retired_apps_database_is_nobodys_second_one():
    [problem] = problems({**using(), "retired": ["blog"]})
    assert "blog is retired" in problem


@pytest.mark.parametrize("clash", [{"secrets": {NAME: {"env": "X"}}}, {"env": {f"{NAME}_FILE": "/x"}}])
def test_a_name_that_is_taken_is_refused(clash):
    raw = using()
    raw["apps"]["shop"]["service"] |= clash
    [problem] = problems(raw)
    assert problem.startswith(f"data-tier:apps.shop.uses.{NAME}")
    assert "is its name too" in problem
