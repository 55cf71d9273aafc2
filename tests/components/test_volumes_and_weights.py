"""Names of data volumes and shares of the processors, as they reach the platform and as they are checked."""

from __future__ import annotations

from typing import Any

import pytest

from components.config import SettingsError, parse
from components.config.ledger import compare
from tests.components.recording import Graph, build_from
from tests.components.samples import small


def problems(raw: dict[str, Any]) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        parse(raw)
    return [str(problem) for problem in caught.value.problems]


def named(topology: str = "unified", **server: Any) -> dict[str, Any]:
    raw = small(topology)
    raw["postgres"] |= {"volume": "precious"} if topology == "unified" else {}
    raw["apps"]["shop"]["postgres"]["server"] = server
    return raw


def test_a_shared_server_that_is_not_there_holds_no_name():
    raw = small("isolated")
    raw["postgres"] |= {"name": "the-server", "volume": "precious", "pooler": {}}
    raw["apps"]["shop"]["postgres"]["server"] = {"name": "the-server", "volume": "precious"}
    assert parse(raw)
    raw["topology"], raw["apps"]["shop"]["keep"] = "unified", ["isolated"]
    assert any("a container of this name is declared by" in told for told in problems(raw))


def mounted(graph: Graph, container: str) -> list[str]:
    return [volume["volumeName"] for volume in graph.of("Container")[container].inputs["volumes"]]


def test_a_volume_is_called_as_it_was_said_and_holds_the_data():
    graph = build_from(named())
    assert graph.of("Volume")["postgres-server-data"].inputs["name"] == "precious"
    assert "precious" in mounted(graph, "postgres-server-container")


def test_an_apps_own_server_has_the_volume_that_the_app_says_and_never_the_shared_ones():
    raw = named("isolated", volume="shop_data")
    raw["postgres"]["volume"] = "precious"
    graph = build_from(raw)
    names = {name: one.inputs["name"] for name, one in graph.of("Volume").items() if name.endswith("server-data")}
    assert names["isolated-shop-postgres-server-data"] == "shop_data"
    assert names["isolated-blog-postgres-server-data"] == "small-blog-postgres-data"


@pytest.mark.parametrize(
    "name", ["small-blog-postgres-data", "small-shop-redis-data", "small-shop-secrets", "small-shop-postgres-secrets"]
)
def test_two_containers_never_write_into_one_volume(name):
    [problem] = problems(named("isolated", volume=name))
    assert problem.startswith("data-tier:apps.shop.postgres.server.volume")
    assert "the volume is that of data-tier:apps." in problem


@pytest.mark.parametrize("name", ["x", "-data", "a/b", "Ä-data", "a" * 129, ""])
def test_a_name_that_docker_does_not_take_is_refused(name):
    [problem] = problems(named("isolated", volume=name))
    assert "a volume has letters, digits" in problem


def test_another_volume_on_a_live_stack_is_refused():
    recorded = {
        "topology": "unified",
        "servers": {"postgres": {"kind": "postgres", "name": "small-postgres-unified", "volume": "small-data"}},
    }
    [problem] = [str(one) for one in compare(recorded, parse(named()))]
    assert problem.startswith("data-tier:postgres.volume = 'precious'")
    assert "Write small-data" in problem
    raw = small()
    raw["postgres"]["volume"] = "small-data"
    assert compare(recorded, parse(raw)) == []


def with_stores(**server: Any) -> dict[str, Any]:
    """The sample in the isolated shape, whose shop has a Redis and a MongoDB server of its own too."""
    raw = small("isolated")
    raw["mongo"] = {"image": "mongo:7", "resources": {"memory": "512Mi", "cpu": 1}, "storage": "2Gi"}
    raw["apps"]["shop"] |= {"redis_server": {**server}, "mongo": {"database": "shop", "server": {**server}}}
    return raw


def test_redis_and_mongodb_have_the_volumes_that_the_app_says_and_redis_its_processors():
    raw = with_stores()
    raw["redis"] |= {"cpu": 2, "cpu_weight": 2048}
    raw["mongo"]["resources"]["cpu_weight"] = 512
    raw["apps"]["shop"]["redis_server"] = {"volume": "shop_keys", "cpu": 0.25, "cpu_weight": 100}
    raw["apps"]["shop"]["mongo"]["server"] = {"volume": "shop_documents"}
    graph = build_from(raw)
    assert "shop_keys" in mounted(graph, "isolated-shop-redis-container")
    assert "shop_documents" in mounted(graph, "isolated-shop-mongo-container")
    cores = {
        name: one.inputs["cpus"] for name, one in graph.of("Container").items() if name.endswith("redis-container")
    }
    assert float(cores["isolated-shop-redis-container"]) == 0.25
    assert float(cores["isolated-feed-redis-container"]) == 2
    shares = {name: one.inputs.get("cpuShares") for name, one in graph.of("Container").items()}
    assert shares["isolated-shop-redis-container"] == 100
    assert shares["isolated-feed-redis-container"] == 2048
    assert shares["isolated-shop-mongo-container"] == 512


def test_one_volume_for_redis_and_mongodb_is_refused():
    [problem] = problems(with_stores(volume="both"))
    assert problem.startswith("data-tier:apps.shop.mongo.server.volume")
    assert "the volume is that of data-tier:apps.shop.redis_server.volume" in problem


@pytest.mark.parametrize("kind", ["redis", "mongo"])
def test_another_volume_of_redis_or_mongodb_on_a_live_stack_is_refused(kind):
    name = f"small-shop-{kind}"
    recorded = {
        "topology": "isolated",
        "servers": {f"{kind}-shop": {"kind": kind, "name": name, "volume": f"{name}-data"}},
    }
    raw = with_stores()
    assert compare(recorded, parse(raw)) == []
    own = raw["apps"]["shop"]["redis_server"] if kind == "redis" else raw["apps"]["shop"]["mongo"]["server"]
    own["volume"] = "elsewhere"
    problem = next(str(one) for one in compare(recorded, parse(raw)) if kind in one.key)
    assert f"the data is in {name}-data, and another one is empty" in problem


def test_a_weight_is_dockers_shares_of_the_processors_and_nothing_where_none_is_said():
    raw = small("isolated")
    raw["postgres"]["resources"]["cpu_weight"] = 2048
    raw["apps"]["blog"]["postgres"]["server"] = {"resources": {"cpu_weight": 512}}
    raw["apps"]["shop"]["service"]["cpu_weight"] = 256
    containers = build_from(raw).of("Container")
    shares = {name: one.inputs.get("cpuShares") for name, one in containers.items()}
    assert shares["isolated-shop-postgres-server-container"] == 2048
    assert shares["isolated-blog-postgres-server-container"] == 512
    assert shares["service-shop-container"] == 256
    assert shares["service-blog-container"] is None


@pytest.mark.parametrize("weight", [1, 0, -5, 262_145, "many", 1.5])
def test_a_weight_that_the_kernel_does_not_take_is_refused(weight):
    raw = small()
    raw["postgres"]["resources"]["cpu_weight"] = weight
    [problem] = problems(raw)
    assert problem.startswith("data-tier:postgres.resources.cpu_weight")
