"""What `explain` prints: every value with rule and source, and where a running server has another one."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from components.config import parse
from operate import explain
from operate.errors import OperateError
from tests.components.samples import mixed, small


def told(running: dict[str, str] | None, **parameters: Any) -> explain.Told:
    raw = small()
    raw["postgres"]["parameters"] = parameters
    [one] = explain.gather(parse(raw), "small-postgres-unified", None)
    return explain.Told(sized=one.sized, running=running)


def test_all_servers_are_told_without_docker():
    found = explain.gather(parse(mixed()), None, None)
    assert [one.sized.container for one in found] == [
        "small-postgres-unified", "small-shop-postgres", "small-blog-postgres", "small-redis-unified",
        "small-shop-redis",
    ]  # fmt: skip
    assert all(one.running is None for one in found)


def test_a_server_is_found_by_its_name_without_the_prefix():
    [one] = explain.gather(parse(small()), "redis-unified", None)
    assert [value["value"] for value in one.as_json()["values"]] == ["48mb", "noeviction"]


def test_the_cache_of_mongodb_is_told_and_what_the_container_was_started_with():
    raw = small("isolated", shop={"mongo": {"database": "shop"}})
    raw["mongo"] = {"image": "mongo:7", "resources": {"memory": "2Gi", "cpu": 1}}
    [one] = explain.gather(parse(raw), "shop-mongo", None)
    [cache] = one.as_json()["values"]
    assert (cache["name"], cache["value"]) == ("wiredTigerCacheSizeGB", "1")
    container = SimpleNamespace(attrs={"Args": ["mongod", "--auth", "--wiredTigerCacheSizeGB", "0.25"]})
    assert dict(explain._mongo(container, ["wiredTigerCacheSizeGB"], "admin")) == {"wiredTigerCacheSizeGB": "0.25"}  # type: ignore[arg-type]


def test_a_pool_is_told_with_the_arithmetic_that_it_follows_from():
    raw = small(shop={"postgres": {"database": "shop", "weight": 3}}, blog={"postgres": {"database": "blog"}})
    raw["postgres"] |= {"pooler": {"cpu": 2}, "connections": 100}
    [one] = explain.gather(parse(raw), "postgres-unified-pooler", None)
    values = {value["name"]: value for value in one.as_json()["values"]}
    # 100 less 10 and 2 x 2 x 3 look-ups, 5 for each migration, and 2 for each pool: 64 in four parts
    assert values["pool shop"]["value"] == "50"
    assert values["pool blog"]["value"] == "18"
    assert "3 of 4 parts of the 64 left of 100: 22 are for administration" in values["pool shop"]["rule"]
    assert values["pool shop"]["source"] == "data-tier:apps.shop.postgres.weight"
    assert values["processes"]["value"] == "2"


def test_a_pool_as_declared_and_one_that_meets_the_most():
    raw = small(shop={"postgres": {"database": "shop", "connections": 30}}, blog={"postgres": {"database": "blog"}})
    raw["postgres"] |= {"pooler": {"pool": 12}, "connections": 100}
    [one] = explain.gather(parse(raw), "postgres-unified-pooler", None)
    told = {value["name"]: (value["value"], value["source"]) for value in one.as_json()["values"]}
    assert told["pool shop"] == ("12", "data-tier:postgres.pooler.pool")
    assert told["pool blog"] == ("12", "data-tier:postgres.pooler.pool")


def test_a_name_that_isnt_there_is_told_with_those_that_are():
    with pytest.raises(OperateError, match="no server x in the stack file; its servers: small-postgres-unified, "):
        explain.gather(parse(small()), "x", None)


def test_what_the_running_server_has_is_compared_by_meaning():
    one = told({"shared_buffers": "64MB", "temp_file_limit": "1GB", "jit": "on"}, work_mem="512kB")
    values = {value["name"]: value for value in one.as_json()["values"]}
    assert {name for name, value in values.items() if value["differs"]} == {"jit"}
    assert values["jit"]["running"] == "on"
    assert values["work_mem"]["running"] is None
    assert values["work_mem"]["source"] == "data-tier:postgres.parameters.work_mem"


def test_a_stack_file_that_breaks_a_rule_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr("operate.pulumi.REPOSITORY", tmp_path)
    with pytest.raises(OperateError, match=r"Pulumi\.x\.yaml is missing"):
        explain.settings_of("x")
    (tmp_path / "Pulumi.x.yaml").write_text("config: {'data-tier:prefix': Bad}\n")
    with pytest.raises(OperateError, match=r"data-tier:prefix = 'Bad'"):
        explain.settings_of("x")
