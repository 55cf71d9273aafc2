"""Real faults of monitored servers, on real Docker: each is an alert, and what ends it is none any more.

One stack of its own; the tests go through its life in order, each from where the one before has left it.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from typing import Any

import docker
import psycopg
import pytest
import redis

from tests.integration.life import Life, lived
from tests.integration.project import Project
from tests.integration.watched_stack import SERVERS, fires, login, prometheus, settings, until, up

pytestmark = pytest.mark.integration
PREFIX = f"alarm-{os.getpid()}"


@pytest.fixture(scope="module")
def life(daemon: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    """Both shapes, monitored."""
    with lived(daemon, Project(tmp_path_factory.mktemp("watch"), settings(daemon, PREFIX)), Life) as found:
        until(lambda: (now := up(found)) and set(now) >= SERVERS and all(now.values()))
        yield found


def test_an_open_data_port_that_reach_finds_is_an_alert(life: Life) -> None:
    life.project.operate("reach")
    found = until(lambda: prometheus(life).now("data_tier_data_ports_open")[0])
    assert [one.last for one in found] == [0.0]
    prometheus(life).tell("reach", "data_tier_data_ports_open 2\n")
    assert "2 ways open" in fires(life, "DataPortOpen").summary
    life.project.operate("reach")


def test_connections_that_run_out_are_an_alert(life: Life) -> None:
    admin = life.told["secrets"]["admin_passwords"]["postgres-blog"]
    host, port = life.servers()["postgres-blog"]
    taken: list[psycopg.Connection[Any]] = []
    try:
        for _ in range(33):  # of 40, of which 5 are the admins'
            taken.append(psycopg.connect(host=host, port=port, user="admin", password=admin, dbname="postgres"))
        (share,) = prometheus(life).now('data_tier:connections:share{server="postgres-blog"}')
        life.change(
            monitoring={
                **life.project.edit()["config"]["data-tier:monitoring"],
                "thresholds": {"connections": 30, "disk": 0.99},
            }
        )
        before = life.host.ids()
        life.up()
        assert life.host.ids() == before, "a threshold is no container's"
        alert = fires(life, "ConnectionsMany")
        assert alert.server == "postgres-blog", share
        said = json.loads(life.project.operate("status", "--json", ok=False).out)
        assert "ConnectionsMany" in [one["name"] for one in said["alerts"]]
        assert "ConnectionsMany" in life.project.operate("status", ok=False).out
        assert "postgres-blog has 3" in life.project.operate("doctor", ok=False).out.replace("\n", " ")
    finally:
        for one in taken:
            one.close()


def test_a_redis_that_refuses_writes_is_an_alert(life: Life) -> None:
    url = life.url("shop", "redis_url_hot", "redis.hot")
    client = redis.Redis.from_url(url)
    for number in range(2000):
        try:
            client.set(f"shop:{number}", "x" * 50_000)
        except redis.exceptions.OutOfMemoryError:
            break
    refused = 0
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not any(
        one.name == "RedisRejectsWrites" for one in prometheus(life).alerts()
    ):
        with pytest.raises(redis.exceptions.OutOfMemoryError):
            client.set("shop:more", "x" * 50_000)
        refused += 1
        time.sleep(0.5)
    assert fires(life, "RedisRejectsWrites").server == "redis.hot"
    assert refused
    client.delete(*[f"shop:{number}" for number in range(2000)])


def test_an_exporter_whose_password_is_wrong_is_an_alert_and_up_mends_it(life: Life) -> None:
    admin = life.told["secrets"]["admin_passwords"]["postgres"]
    host, port = life.servers()["postgres"]
    user, _ = login(life, "postgres-unified")
    with psycopg.connect(
        host=host, port=port, user="admin", password=admin, dbname="postgres", autocommit=True
    ) as server:
        server.execute(f"ALTER ROLE {user} NOLOGIN")
        server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s", (user,))
    assert fires(life, "PostgresDown").server == "postgres"
    life.project.pulumi("up", "--yes", "--skip-preview", "--refresh")
    assert until(lambda: [one.last for one in prometheus(life).now('pg_up{server="postgres"}')[0]] == [1.0])


def test_a_server_that_is_stopped_is_an_alert_until_it_is_back(life: Life) -> None:
    life.host.containers()[f"{PREFIX}-blog-redis"].stop()
    assert fires(life, "RedisDown").server == "redis-blog"
    life.host.containers()[f"{PREFIX}-blog-redis"].start()
    assert until(lambda: not any(one.name == "RedisDown" for one in prometheus(life).alerts()))
