"""Redis servers of single purposes on real Docker: what they keep, what they forget, and who is let in.

One stack of its own; the tests go through its life in order, each from where the one before has left it.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import docker
import pytest
import redis

from tests.integration import stackfile
from tests.integration.life import Life, lived
from tests.integration.project import Project
from tests.integration.test_services import report

pytestmark = pytest.mark.integration
PREFIX = f"purposes-{os.getpid()}"
LARGE = "x" * 1_000_000
SERVERS = {
    "cache": {"memory": "32Mi", "eviction": "allkeys-lru", "persistence": "none"},
    "jobs": {"memory": "32Mi", "number": 2, "persistence": "rdb"},
}


def settings(client: docker.DockerClient) -> dict[str, Any]:
    data, backend = (str(subnet) for subnet in stackfile.free_subnets(client, 2))
    pool = str(stackfile.free_pool(client))
    service = {"tier": "backend", "memory": "64Mi"}
    return {
        "data-tier:prefix": PREFIX,
        "data-tier:images": dict(stackfile.IMAGES),
        "data-tier:network": {
            "data": {"internal": True, "subnet": data, "apps": pool},
            "backend": {"internal": True, "subnet": backend, "publish": "loopback", "ports": "4000-4999"},
        },
        "data-tier:postgres": {"image": "postgres:17", "resources": {"memory": "256Mi", "cpu": 1}},
        "data-tier:redis": {"image": "redis:8", "memory": "64Mi", "databases": {"sessions": 1}, "servers": SERVERS},
        "data-tier:apps": {
            "shop": {
                "redis": ["cache", "sessions", "jobs"],
                "service": {**service, "port": f"{stackfile.free_port(4900, 4920)}:8000"},
            },
            "wiki": {"redis": ["sessions"]},
        },
    }


@pytest.fixture(scope="module")
def life(daemon: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    """An app on three servers, and one on the shared one."""
    with lived(daemon, Project(tmp_path_factory.mktemp("purposes"), settings(daemon)), Life) as found:
        yield found


def keys(life: Life, app: str, file: str, server: str) -> redis.Redis:
    return redis.Redis.from_url(life.url(app, file, server), socket_timeout=10, decode_responses=True)


def fill(client: redis.Redis, names: list[str]) -> None:
    for name in names:
        client.set(name, LARGE)


def missing(life: Life) -> list[str]:
    """The users of Redis that the doctor misses."""
    document = json.loads(life.project.operate("doctor", "--json", ok=False).out)
    return [one["found"] for one in document["findings"] if one["check"] == "redis users"]


def restarted(life: Life, name: str) -> None:
    """The server's container, killed gently as a reboot does, and healthy again."""
    container = life.host.containers()[f"{PREFIX}-redis-{name}"]
    container.restart(timeout=20)
    container.reload()
    until = time.monotonic() + 60
    while container.attrs["State"]["Health"]["Status"] != "healthy" and time.monotonic() < until:
        time.sleep(0.5)
        container.reload()


def test_each_url_leads_to_the_server_of_its_purpose(life: Life) -> None:
    servers = life.told["servers"]
    assert [servers[key]["name"] for key in ("redis", "redis.cache", "redis.jobs")] == [
        f"{PREFIX}-redis-unified", f"{PREFIX}-redis-cache", f"{PREFIX}-redis-jobs",
    ]  # fmt: skip
    for file, server in (("redis_url", "redis.cache"), ("redis_url_jobs", "redis.jobs")):
        with keys(life, "shop", file, server) as client:
            client.set("shop:here", file)
    with keys(life, "shop", "redis_url_sessions", "redis") as client:
        assert client.get("shop:here") is None, "another server"
        client.set("shop:here", "redis_url_sessions")
    number = int(life.apps["shop"]["service"]["port"].split(":")[0])
    assert report(number)["redis"]["ok"], "the service itself gets there"


def test_nothing_is_left_to_do(life: Life) -> None:
    life.project.pulumi("refresh", "--yes")
    done = life.project.pulumi("preview", "--expect-no-changes", ok=False)
    assert done.code == 0, done.text


@pytest.mark.parametrize("command", [("GET", "wiki:x"), ("SELECT", "1"), ("FLUSHALL",), ("CONFIG", "GET", "*")])
def test_the_fence_is_the_same(life: Life, command: tuple[str, ...]) -> None:
    with keys(life, "shop", "redis_url", "redis.cache") as client, pytest.raises(redis.ResponseError):
        client.execute_command(*command)


def test_who_has_no_use_of_a_purpose_has_no_user_there(life: Life) -> None:
    url = life.url("wiki", "redis_url", "redis").replace(
        *(life.told["servers"][key]["address"] for key in ("redis", "redis.cache"))
    )
    with pytest.raises(redis.AuthenticationError):
        redis.Redis.from_url(url).ping()


def test_a_full_cache_forgets_and_a_full_queue_refuses(life: Life) -> None:
    with (
        keys(life, "shop", "redis_url", "redis.cache") as cache,
        keys(life, "shop", "redis_url_jobs", "redis.jobs") as jobs,
    ):
        names = [f"shop:{at}" for at in range(40)]
        for name in names:
            cache.set(name, LARGE)
        assert 5 < cache.exists(*names) < 25, "24 MB have no room for 40 of 1 MB"
        with pytest.raises(redis.exceptions.OutOfMemoryError):
            fill(jobs, names)
        jobs.delete(*names)


def test_users_outlive_a_restart_and_keys_where_they_are_written(life: Life) -> None:
    with keys(life, "shop", "redis_url", "redis.cache") as client:
        client.set("shop:kept", "1")
    for name in ("cache", "jobs", "unified"):
        restarted(life, name)
    with keys(life, "shop", "redis_url", "redis.cache") as client:
        assert client.get("shop:kept") is None, "nothing of it is written"
    with keys(life, "shop", "redis_url_jobs", "redis.jobs") as client:
        assert client.get("shop:here") == "redis_url_jobs"
    with keys(life, "shop", "redis_url_sessions", "redis") as client:
        assert client.get("shop:here") == "redis_url_sessions"


def test_the_commands_know_every_server(life: Life) -> None:
    status = json.loads(life.project.operate("status", "--json").out)
    assert {one["server"] for one in status["connections"] if one["app"] == "shop"} == {
        f"{PREFIX}-redis-{name}" for name in ("unified", "cache", "jobs")
    }
    assert {one["server"] for one in status["connections"] if one["app"] == "wiki"} == {f"{PREFIX}-redis-unified"}
    assert f"{PREFIX}-redis-cache-data" in status["volumes"]
    assert "eady to accept connections" in life.project.operate("logs", "redis.cache").out
    told = life.project.operate("redis", "shop", "--purpose", "jobs", "get", "shop:here")
    assert told.out.strip() == "redis_url_jobs"


def test_a_user_that_was_deleted_by_hand_is_told_and_made_again_by_a_rotation(life: Life) -> None:
    server = life.told["servers"]["redis.cache"]
    password = life.told["secrets"]["admin_passwords"]["redis.cache"]
    ca = life.told["ca"]
    with redis.Redis(host=server["address"], username="admin", password=password, ssl=True, ssl_ca_data=ca) as admin:
        admin.execute_command("ACL", "DELUSER", "shop")
        admin.execute_command("ACL", "SAVE")
    assert missing(life) == [f"shop is missing on {PREFIX}-redis-cache"]
    life.project.operate("rotate", "shop")
    life.__dict__.pop("told", None)
    with keys(life, "shop", "redis_url", "redis.cache") as client:
        assert client.ping()
    assert missing(life) == []


def test_status_tells_until_when_certificates_are_valid(life: Life) -> None:
    told = json.loads(life.project.operate("status", "--json").out)["certificates"]
    assert set(told) == {f"{PREFIX}-redis-{name}" for name in ("unified", "cache", "jobs")}
    assert all(datetime.fromisoformat(end) > datetime.now(UTC) + timedelta(days=100) for end in told.values())


def test_a_purpose_more_leaves_every_container_alone(life: Life) -> None:
    before, file = life.host.ids(), life.project.edit()
    file["config"]["data-tier:redis"]["servers"]["pages"] = {"memory": "32Mi", "number": 9}
    file["config"]["data-tier:apps"]["wiki"]["redis"].append("pages")
    life.project.write(file)
    life.up()
    after = life.host.ids()
    assert before.items() <= after.items()
    assert after.keys() - before.keys() == {f"{PREFIX}-redis-pages"}
    with keys(life, "wiki", "redis_url_pages", "redis.pages") as client:
        assert client.set("wiki:x", "1")


def test_a_purpose_that_moves_away_from_its_keys_is_refused(life: Life) -> None:
    section = life.project.edit()["config"]["data-tier:redis"]
    moved = {**section, "databases": {}, "servers": {**section["servers"], "sessions": {"memory": "32Mi", "number": 1}}}
    life.change(redis=moved)
    wanted = ("data-tier:redis.servers.sessions: shop, wiki: keys on the shared server", "nothing was built")
    life.refused(["preview"], ["up", "--yes"], wanted=wanted)
    life.change(redis=section)


def test_an_app_is_purged_from_every_server_after_a_backup_of_each(life: Life) -> None:
    life.change(retired=["shop"])
    life.up()
    done = json.loads(life.project.operate("purge", "shop", "--yes", "--json").out)
    assert {one["store"].partition("/")[0]: one["entries"] for one in done["backups"]} == {
        f"{PREFIX}-redis-unified": 1, f"{PREFIX}-redis-cache": 0, f"{PREFIX}-redis-jobs": 1,
    }  # fmt: skip
    assert len(set(done["files"])) == 3
    assert set(life.host.containers()) == {f"{PREFIX}-redis-unified", f"{PREFIX}-redis-pages"}
