"""Purposes of Redis with a server of their own: what a stack file may say, and what the ledger holds it to."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from components.config import Settings, parse, redis_servers
from components.config.ledger import compare, entries
from tests.components.config.test_settings_rules import refused
from tests.components.samples import small

CACHE = {"memory": "64Mi", "eviction": "allkeys-lru", "persistence": "none"}


def purposes(**servers: Any) -> dict[str, Any]:
    """shop uses a cache on a server of its own and the shared queue."""
    raw = small()
    raw["redis"]["databases"] = {"queue": 1}
    raw["redis"]["servers"] = {"cache": dict(CACHE), **servers}
    return raw


def with_cache(**keys: Any) -> dict[str, Any]:
    return purposes(cache={**CACHE, **keys})


def test_a_purpose_has_a_server_of_its_own_where_apps_share_servers():
    settings = parse(purposes())
    servers = redis_servers.declared(settings)
    assert {key: (its.name, dict(its.databases)) for key, its in servers.items()} == {
        "redis": ("small-redis-unified", {"queue": 1}),
        "redis.cache": ("small-redis-cache", {"cache": 0}),
    }
    assert redis_servers.serving(settings, "shop") == {"cache": "redis.cache", "queue": "redis"}


def test_an_apps_own_server_has_every_purpose_and_loses_nothing_unless_the_app_says_so():
    raw = purposes()
    raw["apps"]["shop"]["dedicated"] = True
    own = redis_servers.own(parse(raw), "shop")
    assert (dict(own.databases), own.eviction, own.persistence) == ({"queue": 1, "cache": 0}, "noeviction", "aof")
    assert list(redis_servers.declared(parse(raw))) == ["redis", "redis-shop"], "nobody else uses the cache"
    raw["apps"]["shop"]["redis_server"] = {"eviction": "volatile-ttl", "persistence": "rdb"}
    own = redis_servers.own(parse(raw), "shop")
    assert (own.eviction, own.persistence) == ("volatile-ttl", "rdb")


def test_servers_that_no_app_uses_are_not_there():
    raw = purposes(idle={"memory": "64Mi", "number": 5})
    raw["apps"]["shop"]["redis"] = ["cache"]
    del raw["apps"]["feed"]
    assert list(redis_servers.declared(parse(raw))) == ["redis.cache"]


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (with_cache(eviction="lru"), "data-tier:redis.servers.cache.eviction = 'lru': this must be 'noeviction', "),
        (with_cache(persistence="disk"), "data-tier:redis.servers.cache.persistence = 'disk': this must be 'aof'"),
        (with_cache(memory="16Mi"), "data-tier:redis.servers.cache.memory = '16Mi': this must be at least 32Mi"),
        (with_cache(number=1), "data-tier:redis.servers.cache.number = 1: the number is taken by data-tier:redis.d"),
        (with_cache(number=16), "data-tier:redis.servers.cache.number = 16: this must be at most 15"),
        (with_cache(name="small-redis-unified"), "a container of this name is declared by data-tier:redis.name"),
        (with_cache(size="1Gi"), "data-tier:redis.servers.cache.size: there is no such key"),
        (with_cache(expose=4001), "data-tier:redis.servers.cache.expose = '4001': the host port is taken"),
        (purposes(queue={"memory": "64Mi", "number": 7}), "data-tier:redis.servers.queue: the purpose is in data-tier"),
    ],
    ids=lambda value: value[:60] if isinstance(value, str) else "",
)
def test_a_wrong_server_is_refused_with_its_key_and_rule(raw, said):
    message = refused(raw)
    assert said in message
    assert message.startswith("1 problem in the stack file; nothing was built:")


def test_a_network_without_room_is_refused():
    raw = purposes()
    raw["network"]["data"]["subnet"] = "172.26.10.0/26"
    message = refused(raw)
    assert (
        "data-tier:redis.servers: servers of single purposes have fixed addresses, for which 172.26.10.0/26" in message
    )
    raw["network"]["data"]["subnet"] = "172.26.10.0/25"
    parse(raw)


def outputs(settings: Settings) -> dict[str, Any]:
    servers = {key: {"kind": "redis", "name": its.name, "persistence": its.persistence}
               for key, its in redis_servers.declared(settings).items()}  # fmt: skip
    users = {app: {"purposes": {it: settings.redis.numbers[it] for it in its.redis}}
             for app, its in settings.apps.items()}  # fmt: skip
    apps = {app: entry.model_dump(mode="json") for app, entry in entries(settings).items()}
    return {"topology": settings.topology, "apps": apps, "servers": servers, "redis_users": users}


def said(was: dict[str, Any], now: dict[str, Any]) -> list[str]:
    return [str(problem) for problem in compare(outputs(parse(was)), parse(now))]


def test_a_purpose_stays_where_its_keys_are():
    assert said(purposes(), purposes()) == said(small(), small()) == []
    [one] = said(small(), purposes())
    assert one.startswith("data-tier:redis.servers.cache: shop: keys on the shared server, and another server is an")
    assert "a purpose of another name can be under servers" in one
    [one] = said(purposes(), small())
    assert one.startswith("data-tier:redis.databases.cache: shop: keys on the server of cache alone")


def test_a_ledger_of_before_there_were_servers_of_purposes_says_that_all_keys_are_on_the_shared_one():
    before = outputs(parse(small()))
    for entry in before["apps"].values():
        del entry["on_their_own"]
    for server in before["servers"].values():
        del server["persistence"]
    assert compare(before, parse(small())) == []
    assert len(compare(before, parse(purposes()))) == 1


def test_a_purpose_in_use_comes_and_goes_by_another_name():
    raw = purposes()
    raw["redis"]["servers"]["pages"] = {**CACHE, "number": 4}
    raw["apps"]["shop"]["redis"] = ["pages", "cache", "queue"]
    assert said(purposes(), raw) == []


def test_number_name_and_persistence_of_a_server_with_keys_stay():
    for keys, key in (
        ({"number": 9}, "data-tier:redis.servers.cache.number = 9: shop: keys under number 0"),
        (
            {"name": "other"},
            "data-tier:redis.servers.cache.name = 'other': the data is in the volume of small-redis-ca",
        ),
        ({"persistence": "aof"}, "data-tier:redis.servers.cache.persistence = 'aof': the keys were written with none"),
    ):
        [one] = said(purposes(), with_cache(**keys))
        assert one.startswith(key)
    assert said(purposes(), with_cache(memory="128Mi", eviction="allkeys-lfu")) == []


def test_an_own_servers_persistence_stays_and_one_of_an_earlier_version_has_aof():
    raw = small("isolated")
    changed = copy.deepcopy(raw)
    changed["apps"]["feed"]["redis_server"] = {"persistence": "rdb"}
    recorded = outputs(parse(raw))
    recorded["servers"]["redis-feed"]["persistence"] = None
    [one] = [str(problem) for problem in compare(recorded, parse(changed))]
    assert one.startswith("data-tier:apps.feed.redis_server.persistence = 'rdb': the keys were written with aof")
