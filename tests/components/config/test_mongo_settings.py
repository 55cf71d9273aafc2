"""What the stack file may say of MongoDB, and what of it the last run holds on to."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from components.config import SettingsError, parse
from components.config.ledger import compare, entries
from tests.components.samples import small

Change = Callable[[dict[str, Any]], object]


def stack(topology: str = "unified") -> dict[str, Any]:
    raw = small(topology, shop={"mongo": {"database": "shop"}}, blog={"mongo": {"database": "blog"}})
    return {**raw, "mongo": {"image": "mongo:7", "resources": {"memory": "512Mi", "cpu": 1}}}


def problems(raw: dict[str, Any]) -> list[str]:
    try:
        parse(raw)
    except SettingsError as error:
        return [str(one) for one in error.problems]
    return []


def changed(change: Change, topology: str = "unified") -> list[str]:
    raw = stack(topology)
    change(raw)
    return problems(raw)


def test_a_valid_stack_has_no_problem():
    assert [problems(stack(topology)) for topology in ("unified", "isolated")] == [[], []]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("admin", "MongoDB keeps this name for itself"),
        ("Local", "MongoDB keeps this name for itself"),
        ("config", "MongoDB keeps this name for itself"),
        ("a" * 64, "63 at most"),
        ("ünicode", "letters, digits, hyphens and underscores"),
        ("a.b", "letters, digits, hyphens and underscores"),
        ("a b", "letters, digits, hyphens and underscores"),
        ("a$b", "letters, digits, hyphens and underscores"),
        ("a/b", "letters, digits, hyphens and underscores"),
        ("", "letters, digits, hyphens and underscores"),
    ],
)
def test_a_database_that_mongodb_refuses_is_one_error(name, said):
    [problem] = changed(lambda raw: raw["apps"]["shop"]["mongo"].update(database=name))
    assert problem.startswith("data-tier:apps.shop.mongo.database")
    assert said in problem


def test_a_name_of_63_bytes_is_taken():
    assert changed(lambda raw: raw["apps"]["shop"]["mongo"].update(database="a" * 63)) == []


@pytest.mark.parametrize("second", ["shop", "SHOP"])
def test_two_apps_with_one_database_are_one_error(second):
    [problem] = changed(lambda raw: raw["apps"]["blog"]["mongo"].update(database=second))
    assert problem.startswith(f"data-tier:apps.blog.mongo.database = '{second}'")
    assert "declared by data-tier:apps.shop.mongo.database" in problem


def test_on_servers_of_their_own_two_apps_may_have_the_same_name():
    assert changed(lambda raw: raw["apps"]["blog"]["mongo"].update(database="shop"), "isolated") == []


def test_an_app_that_asks_for_it_without_the_section_is_one_error():
    [problem] = changed(lambda raw: raw.pop("mongo"))
    assert problem.startswith("data-tier:mongo: shop, blog: MongoDB is asked for")


@pytest.mark.parametrize(
    ("change", "key"),
    [
        (lambda raw: raw["mongo"]["resources"].update(memory="256Mi"), "mongo.resources.memory"),
        (lambda raw: raw["mongo"]["resources"].update(memory="2G"), "mongo.resources.memory"),
        (lambda raw: raw["mongo"]["resources"].update(memory="2gb"), "mongo.resources.memory"),
        (lambda raw: raw["mongo"]["resources"].update(memory="-1"), "mongo.resources.memory"),
        (lambda raw: raw["mongo"]["resources"].update(cpu=0), "mongo.resources.cpu"),
        (lambda raw: raw["mongo"].update(storage="20"), "mongo.storage"),
        (lambda raw: raw["mongo"].update(admin="9x"), "mongo.admin"),
        (lambda raw: raw["mongo"]["resources"].update(reservation="1Gi"), "mongo.resources.reservation"),
        (lambda raw: raw["mongo"].update(generation=0), "mongo.generation"),
        (lambda raw: raw["mongo"].update(replicas=3), "mongo.replicas"),
        (lambda raw: raw["mongo"].pop("image"), "mongo.image"),
        (lambda raw: raw["apps"]["shop"]["mongo"].update(server={"resources": {"memory": "64Mi"}}), "apps.shop.mongo"),
        (lambda raw: raw["apps"]["shop"].update(mongo={}), "apps.shop.mongo.database"),
        (lambda raw: raw["mongo"].update(name="small-redis-unified"), "mongo.name"),
    ],
)
def test_a_wrong_value_is_one_error_with_its_key(change, key):
    [problem] = changed(change)
    assert problem.startswith(f"data-tier:{key}")


def test_ports_that_lead_to_servers_are_nobody_elses():
    [problem] = changed(lambda raw: raw["mongo"].update(expose=4001))
    assert problem.startswith("data-tier:mongo.expose = '4001': the host port is taken")


def recorded(raw: dict[str, Any], **server: Any) -> dict[str, Any]:
    settings = parse(raw)
    apps = {app: entry.model_dump(mode="json") for app, entry in entries(settings).items()}
    known = {"kind": "mongo", "name": "small-mongo-unified", "admin": "admin", "major": 7, "stand_in": True}
    return {"topology": settings.topology, "apps": apps, "servers": {"mongo": {**known, **server}}}


def lost(change: Change) -> list[str]:
    before, after = stack(), copy.deepcopy(stack())
    change(after)
    return [str(problem) for problem in compare(recorded(before), parse(after))]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda raw: raw["apps"]["shop"].pop("mongo"), "apps.shop.mongo: shop holds data and is no longer declared"),
        (
            lambda raw: raw["apps"]["shop"]["mongo"].update(database="other"),
            "apps.shop.mongo.database = 'other': the app's data is in shop",
        ),
        (
            lambda raw: raw["mongo"].update(generation=3),
            "mongo.generation = 3: it was 1, and only the next generation",
        ),
        (lambda raw: raw["mongo"].update(name="other"), "mongo.name = 'other': the data is in the volume of"),
        (lambda raw: raw["mongo"].update(admin="other"), "mongo.admin = 'other': the servers know admin as admin"),
        (lambda raw: raw["mongo"].update(image="mongo:8"), "mongo.image = 8: the data was written by version 7"),
        (
            lambda raw: raw["images"].update(source="registry"),
            "images.source = 'registry': a stand-in for MongoDB has written the data. Write debian",
        ),
    ],
)
def test_what_would_lose_sight_of_data_is_refused(change, said):
    [problem] = lost(change)
    assert problem.startswith(f"data-tier:{said}"), problem


def test_nothing_changed_is_no_problem():
    assert lost(lambda raw: None) == []


def test_the_outputs_of_a_version_without_it_are_read():
    outputs = recorded(small())
    for entry in outputs["apps"].values():
        del entry["mongo"]
    del outputs["servers"]["mongo"]
    assert compare(outputs, parse(stack())) == []
