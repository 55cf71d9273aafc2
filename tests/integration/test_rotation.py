"""Rotation under load on real Docker: both shapes in one stack, from one generation to the next and the one after.

One stack of its own; the tests go through its life in order, each from where the one before has left it.
"""

from __future__ import annotations

import json
import os
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import docker
import psycopg
import pytest
import redis

from tests.integration import stackfile
from tests.integration.daemon import LABEL, Host
from tests.integration.life import Life, lived
from tests.integration.project import Project
from tests.integration.rotation_clients import PROGRAM
from tests.integration.rotation_drivers import drivers_of
from tests.integration.test_services import report

pytestmark = pytest.mark.integration
PREFIX = f"rotate-{os.getpid()}"
FIRST = 4800


def settings(client: docker.DockerClient) -> dict[str, Any]:
    data, backend = (str(subnet) for subnet in stackfile.free_subnets(client, 2))
    pool = str(stackfile.free_pool(client))
    ports = [stackfile.free_port(FIRST + shift, FIRST + shift + 3) for shift in (0, 4)]
    service = {"tier": "backend", "memory": "64Mi"}
    return {
        "data-tier:prefix": PREFIX,
        "data-tier:images": dict(stackfile.IMAGES),
        "data-tier:rotation": {"drain": "5s"},
        "data-tier:network": {
            "data": {"internal": True, "subnet": data, "apps": pool},
            "backend": {"internal": True, "subnet": backend, "publish": "loopback", "ports": "4000-4999"},
        },
        "data-tier:postgres": {"image": "postgres:17", "resources": {"memory": "256Mi", "cpu": 1}, "connections": 100},
        "data-tier:redis": {"image": "redis:8", "memory": "64Mi", "databases": {"cache": 0}},
        "data-tier:apps": {
            "shop": {
                "postgres": {"database": "shop"},
                "redis": ["cache"],
                "service": {**service, "port": f"{ports[0]}:8000"},
            },
            "blog": {
                "dedicated": True,
                "postgres": {"database": "blog"},
                "service": {**service, "port": f"{ports[1]}:8000", "reads": "start"},
            },
            "wiki": {"postgres": {"database": "wiki"}},
        },
    }


@pytest.fixture(scope="module")
def life(daemon: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    """A unified app with both stores, an isolated one whose service reads its file once, and one without a service."""
    with lived(daemon, Project(tmp_path_factory.mktemp("rotation"), settings(daemon)), Life) as found:
        yield found


def port(life: Life, app: str) -> int:
    return int(life.apps[app]["service"]["port"].split(":")[0])


def rotate(life: Life, *arguments: str) -> dict[str, Any]:
    """What `rotate` says about each app."""
    done = life.project.operate("rotate", *arguments, "--json")
    life.__dict__.pop("told", None)
    return {its["app"]: its for its in json.loads(done.out)["apps"]}


@contextmanager
def clients_of(host: Host, prefix: str) -> Iterator[dict[str, Any]]:
    """Clients of shop with its own secret files; what they have counted is there at the end."""
    counted: dict[str, Any] = {}
    running = host.client.containers.run(
        "data-tier/probe:1",
        ["-c", PROGRAM],
        entrypoint="python3",
        detach=True,
        network=f"{prefix}-data-tier",
        labels={LABEL: prefix},
        volumes={f"{prefix}-shop-secrets": {"bind": "/run/secrets", "mode": "ro"}},
    )
    try:
        time.sleep(3)
        yield counted
        time.sleep(3)
        running.stop(timeout=20)
        counted.update(json.loads(running.logs(stdout=True, stderr=False)))
    finally:
        running.remove(force=True)


@contextmanager
def outage(number: int) -> Iterator[list[float]]:
    """The seconds without an answer of a service, all in all."""
    lost, over = [0.0], threading.Event()

    def ask() -> None:
        while not over.is_set():
            began = time.monotonic()
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{number}/healthz", timeout=1).close()
            except OSError:
                over.wait(0.05)
                lost[0] += time.monotonic() - began
            else:
                over.wait(0.05)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield lost
    finally:
        over.set()
        thread.join()


def test_clients_that_read_their_file_at_reconnect_lose_no_transaction(life: Life) -> None:
    with psycopg.connect(life.url("shop", "migrate_url", "postgres"), autocommit=True) as migrate:
        migrate.execute("CREATE TABLE worked (client text)")
    before, old = life.host.ids(), life.url("shop", "database_url", "postgres")
    old_keys = life.url("shop", "redis_url", "redis")
    folder = Path(life.host.client.volumes.get(f"{PREFIX}-shop-secrets").attrs["Mountpoint"])
    drivers = drivers_of(folder, life.servers()["postgres"][0])
    with clients_of(life.host, PREFIX) as counted, drivers as driven, outage(port(life, "blog")) as lost:
        first = rotate(life, "all")
        second = rotate(life, "all")
    counted.update(driven)
    print(f"\nrotated twice under load: {json.dumps(counted)}\nservice that was restarted: {lost[0] / 2:.1f} s each")
    assert {name: (its["failed"], its["errors"]) for name, its in counted.items()} == dict.fromkeys(counted, (0, []))
    assert all(its["done"] > 10 for its in counted.values()), counted
    assert counted["sql new"]["users"] == counted["asyncpg"]["users"] == ["shop_a", "shop_b"]
    assert counted["sqlalchemy"]["users"] == ["shop_a", "shop_b"]
    assert counted["sql pooled"]["users"] == ["shop_a", "shop_b"], "sent on by the end of its idle connection"
    assert first["shop"]["sessions"] == 1, "the one that never pauses is left alone"
    assert second["shop"]["login"] == "shop_a"
    after = life.host.ids()
    assert {name for name in before if after[name] != before[name]} == {f"{PREFIX}-blog"}, "that one reads it once"
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(old, connect_timeout=5)
    with pytest.raises(redis.AuthenticationError):
        redis.Redis.from_url(old_keys).ping()


def test_a_service_that_reads_its_file_once_has_the_new_login(life: Life) -> None:
    assert report(port(life, "blog"))["database"]["user"] == "blog_a"
    assert report(port(life, "shop"))["database"]["user"] == "shop_a"


def test_the_former_login_is_refused_and_the_log_says_why_without_the_secret(life: Life) -> None:
    old = life.url("shop", "database_url", "postgres")
    rotate(life, "shop")
    with pytest.raises(psycopg.OperationalError, match='role "shop_a" is not permitted to log in'):
        psycopg.connect(old, connect_timeout=5)
    log = life.host.containers()[f"{PREFIX}-postgres-unified"].logs().decode()
    assert 'role "shop_a" is not permitted to log in' in log
    secrets = life.told["secrets"]
    for url in (old, *secrets["urls"]["shop"].values(), *secrets["migrate_urls"].values()):
        assert url.rpartition("@")[0].rpartition(":")[2] not in log


def test_nothing_drifts_after_a_rotation(life: Life) -> None:
    done = life.project.pulumi("preview", "--expect-no-changes", ok=False)
    assert done.code == 0, done.text
    life.project.pulumi("refresh", "--yes")
    done = life.project.pulumi("preview", "--expect-no-changes", ok=False)
    assert done.code == 0, done.text


def test_an_app_without_a_service_keeps_its_former_login_until_it_is_finished(life: Life) -> None:
    old = life.url("wiki", "database_url", "postgres")
    told = rotate(life, "wiki")["wiki"]
    assert told["overlap"], "whoever uses its URL gets the new one from a person"
    psycopg.connect(old, connect_timeout=5).close()
    psycopg.connect(life.url("wiki", "database_url", "postgres"), connect_timeout=5).close()
    assert not rotate(life, "wiki", "--finish")["wiki"]["overlap"]
    with pytest.raises(psycopg.OperationalError, match="not permitted to log in"):
        psycopg.connect(old, connect_timeout=5)


def test_a_generation_that_skips_or_goes_back_is_refused(life: Life) -> None:
    apps = life.apps
    now = apps["shop"]["generation"]
    for wrong in (now + 2, now - 1):
        apps["shop"]["generation"] = wrong
        life.change(apps=apps)
        wanted = (f"data-tier:apps.shop.generation = {wrong}", f"it was {now}", "nothing was built")
        life.refused(["preview"], wanted=wanted)
    apps["shop"]["generation"] = now
    life.change(apps=apps)


def test_of_two_rotations_at_once_one_is_refused_and_the_number_rises_once(life: Life) -> None:
    now = life.apps["shop"]["generation"]
    done: list[Any] = []
    both = [
        threading.Thread(target=lambda: done.append(life.project.operate("rotate", "shop", ok=False))) for _ in range(2)
    ]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert sorted(one.code for one in done) == [0, 1], [one.text for one in done]
    assert "locked" in next(one.text for one in done if one.code)
    assert life.apps["shop"]["generation"] == now + 1


def test_a_rotation_that_was_cut_short_goes_on(life: Life) -> None:
    apps = life.apps
    now = apps["shop"]["generation"]
    apps["shop"]["generation"] = now + 1  # the file was written, and then the machine went away
    life.change(apps=apps)
    assert rotate(life, "shop")["shop"]["generation"] == now + 1
    assert report(port(life, "shop"))["database"]["ok"]
