"""Extensions that the servers' image hasn't: found in the stack file where the image is made here, else asked for."""

from __future__ import annotations

import re
from typing import Any

import docker
import pytest

from components.config import SettingsError, parse
from components.extensions import OFFERED
from images.recipes import POSTGRES_OF_SUITE
from tests.components.recording import Graph, build_from
from tests.components.samples import outside, small


def asking(*extensions: str, source: str = "debian", major: int = 17) -> dict[str, Any]:
    raw = small()
    raw["images"] = {"source": source, "postgres": major, "redis": 8}
    raw["apps"]["shop"]["postgres"]["extensions"] = list(extensions)
    return raw


def problems(raw: dict[str, Any]) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        parse(raw)
    return [str(problem) for problem in caught.value.problems]


def test_every_image_that_is_made_here_is_known():
    assert OFFERED.keys() == set(POSTGRES_OF_SUITE.values())


@pytest.mark.parametrize(
    ("extension", "words"),
    [
        ("postgis", "Remove it, or name an image"),
        ("pgtrgm", "Did you mean pg_trgm?"),
        ("old_snapshot", "hasn't got it"),
    ],
)
def test_one_that_the_image_has_not_is_refused_before_anything_is_built(extension, words):
    [problem] = problems(asking("hstore", extension))
    assert problem.startswith(f"data-tier:apps.shop.postgres.extensions[1] = '{extension}'")
    assert words in problem


def test_the_major_version_counts():
    parse(asking("vector"))
    assert "PostgreSQL 15 from Debian's packages" in problems(asking("vector", major=15))[0]
    parse(asking("old_snapshot", major=15))


def test_a_server_outside_of_the_stack_is_asked_and_not_guessed_at():
    raw = outside()
    raw["apps"]["wiki"]["postgres"]["extensions"] = ["postgis"]
    parse(raw)
    raw["apps"]["wiki"]["keep"] = ["unified"]
    assert "postgis" in problems(raw)[0]


def looks(graph: Graph) -> dict[str, Any]:
    return {name: one for name, one in graph.of("Command").items() if name.endswith("-extensions-offered")}


def test_the_server_of_an_image_from_a_registry_is_asked_before_the_apps_first_role_is_made():
    graph = build_from(asking("postgis", "hstore", source="registry"))
    [look] = looks(graph).values()
    assert look.inputs["environment"]["EXTENSIONS"] == '["hstore", "postgis"]'
    assert look.inputs["environment"]["EXTENSIONS_APP"] == "shop"
    roles = graph.of("Role")
    first = [roles[f"postgres-shop-{which}"] for which in ("owner", "group")]
    assert all(any(need.endswith("::postgres-shop-extensions-offered") for need in one.dependencies) for one in first)
    assert any(need.endswith("::postgres-shop-group") for need in roles["postgres-shop-a"].dependencies)


def test_nobody_is_asked_where_there_is_nothing_to_ask_for_or_nobody_to_ask():
    assert looks(build_from(asking("hstore"))) == {}
    assert looks(build_from(asking(source="registry"))) == {}
    assert looks(build_from({**asking("hstore", source="registry"), "running": False})) == {}


@pytest.mark.integration
def test_the_image_offers_what_the_list_says():
    command = ["sh", "-c", "ls /usr/share/postgresql/17/extension/*.control"]
    told = docker.from_env().containers.run("data-tier/postgres:17", command, remove=True, entrypoint=[])
    assert set(re.findall(r"/([^/\s]+)\.control", told.decode())) == OFFERED[17]
