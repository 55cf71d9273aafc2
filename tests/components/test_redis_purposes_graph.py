"""What is declared for a purpose of Redis with a server of its own: a server as the shared one is, fenced the same."""

from __future__ import annotations

from typing import Any

from components.config import parse
from components.network import DataAddresses
from components.outputs import exports
from tests.components.config.test_redis_purposes import CACHE, purposes
from tests.components.recording import Graph, build_from, export_all
from tests.components.samples import small
from tests.policies.graphs import faults

CONTAINER = "docker:index/container:Container"
SERVER = f"{CONTAINER}::purpose-cache-redis-container"


def graph(**servers: Any) -> Graph:
    return build_from(purposes(**servers), export_all)


def flags(command: list[str]) -> dict[str, str]:
    words = command[command.index("redis") + 1 :]
    return dict(zip(words[::2], words[1::2], strict=True))


def test_the_server_has_a_volume_a_password_an_address_and_a_name_of_its_own():
    found = graph().by_urn()
    assert found["docker:index/volume:Volume::purpose-cache-redis-data"].protect
    assert found["random:index/randomPassword:RandomPassword::purpose-cache-redis-admin-password"].protect
    [network] = found[SERVER].inputs["networksAdvanced"]
    assert network["ipv4Address"] == "172.26.10.32"
    assert found[SERVER].inputs["name"] == "small-redis-cache"
    assert found[f"{CONTAINER}::redis-container"].inputs["networksAdvanced"][0]["ipv4Address"] == "172.26.10.11"


def test_a_cache_forgets_and_writes_nothing_and_the_shared_server_does_neither():
    found = graph().by_urn()
    own = flags(found[SERVER].inputs["command"])
    assert (own["--maxmemory-policy"], own["--appendonly"], own["--save"]) == ("allkeys-lru", "no", '""')
    assert own["--aclfile"] == "/data/users.acl", "users are kept all the same"
    shared = flags(found[f"{CONTAINER}::redis-container"].inputs["command"])
    assert (shared["--maxmemory-policy"], shared["--appendonly"]) == ("noeviction", "yes")


def test_snapshots_are_redis_own_without_a_log():
    own = flags(graph(cache={**CACHE, "persistence": "rdb"}).by_urn()[SERVER].inputs["command"])
    assert (own["--appendonly"], own["--save"]) == ("no", "3600 1 300 100 60 10000")


def test_an_app_has_a_user_on_each_server_with_the_numbers_that_it_uses_there():
    found = graph().by_urn()
    cache = found["command:local:Command::purpose-cache-redis-shop-acl"].inputs["environment"]
    queue = found["command:local:Command::redis-shop-acl"].inputs["environment"]
    assert (cache["REDIS_HOST"], cache["REDIS_DATABASES"]) == ("172.26.10.32", "0")
    assert (queue["REDIS_HOST"], queue["REDIS_DATABASES"]) == ("172.26.10.11", "1")
    assert "command:local:Command::purpose-cache-redis-feed-acl" not in found


def test_urls_lead_to_each_purposes_server_in_the_apps_order():
    raw, seen = purposes(), {}

    def keep(topology: Any) -> None:
        seen.update({app: its["unified"].urls for app, its in topology.stores.items()})
        seen["told"] = exports(topology)

    build_from(raw, keep)
    assert list(seen["shop"]) == ["database_url", "redis_url", "redis_url_queue"]
    assert seen["told"]["redis_users"]["shop"] == {
        "server": "redis.cache",
        "servers": {"cache": "redis.cache", "queue": "redis"},
        "purposes": {"cache": 0, "queue": 1},
    }
    server = seen["told"]["servers"]["redis.cache"]
    assert (server["name"], server["address"], server["purpose"]) == ("small-redis-cache", "172.26.10.32", "cache")


def test_a_purpose_more_touches_no_other_server():
    before = graph().by_urn()
    after = graph(pages={"memory": "64Mi", "number": 4}).by_urn()
    assert before.items() <= after.items(), "no app uses it yet"
    raw = purposes(pages={"memory": "64Mi", "number": 4})
    raw["apps"]["feed"]["redis"] = ["queue", "pages"]
    after = build_from(raw, export_all).by_urn()
    changed = {urn for urn in before if before[urn] != after[urn]}
    assert all("feed" in urn for urn in changed), "only the app that has a URL more"


def test_addresses_of_purposes_meet_no_other_and_stay_below_what_docker_hands_out():
    subnet = parse(purposes()).network["data"].subnet
    assert subnet is not None
    at = DataAddresses(subnet=next(subnet.subnets(new_prefix=25)))
    fixed = [at.gateway, at.postgres, at.redis, at.postgres_forwarder, at.redis_forwarder]
    taken = [*fixed, *(one for number in range(16) for one in (at.purpose(number), at.purpose_forwarder(number)))]
    assert len(set(taken)) == len(taken)
    first = at.handed_out.partition("/")[0].rpartition(".")[2]
    assert max(int(one.rpartition(".")[2]) for one in taken) < int(first)


def test_without_such_servers_nothing_is_other_than_before():
    assert "purpose" not in "".join(build_from(small(), export_all).by_urn())


def test_every_rule_is_passed():
    assert faults(graph()) == []
    assert faults(graph(cache={**CACHE, "expose": 16380}), *()) == []
