"""Rotation of the admins' passwords under load on real Docker, on shared servers, one of a purpose and an app's own.

One stack of its own; the tests go through its life in order, each from where the one before has left it.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from typing import Any

import docker
import psycopg
import pytest
import redis

from tests.integration import stackfile
from tests.integration.daemon import LABEL, ran
from tests.integration.life import Life, lived
from tests.integration.project import STACK, Project
from tests.integration.rotation_clients import PROGRAM

pytestmark = pytest.mark.integration
PREFIX = f"admins-{os.getpid()}"
FILES = {"postgres": "postgres_admin", "redis": "redis_admin"}
LIMITS = {"statement_timeout": "30s"}  # there is a watchdog where an app has limits
OLD: dict[str, list[str]] = {}


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
        "data-tier:postgres": {
            "image": "postgres:17",
            "resources": {"memory": "256Mi", "cpu": 1},
            "connections": 100,
            "pooler": {"pool": 10},
        },
        "data-tier:redis": {
            "image": "redis:8",
            "memory": "64Mi",
            "databases": {"cache": 0},
            "servers": {"pages": {"memory": "32Mi", "number": 3, "persistence": "none"}},
        },
        "data-tier:apps": {
            "shop": {
                "postgres": {"database": "shop", "limits": LIMITS},
                "redis": ["cache", "pages"],
                "service": service,
            },
            "blog": {
                "dedicated": True,
                "postgres": {"database": "blog", "server": {"resources": {"memory": "128Mi"}, "connections": 40}},
                "redis": ["cache"],
                "redis_server": {"memory": "32Mi"},
            },
        },
    }


@pytest.fixture(scope="module")
def life(daemon: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    """Five servers: two shared ones, one of a purpose, two of an app."""
    with lived(daemon, Project(tmp_path_factory.mktemp("admins"), settings(daemon)), Life) as found:
        yield found


def passwords(life: Life) -> dict[str, str]:
    """The present password of each server's admin."""
    found: dict[str, str] = life.told["secrets"]["admin_passwords"]
    return found


def login(life: Life, key: str, password: str) -> None:
    """Log in as the admin of a server from the host; an error where it refuses."""
    server = life.told["servers"][key]
    if server["kind"] == "postgres":
        with psycopg.connect(
            host=server["address"], user="admin", password=password, dbname="postgres", connect_timeout=5
        ) as admin:
            admin.execute("SELECT 1")
        return
    ca = life.told["ca"]
    with redis.Redis(host=server["address"], username="admin", password=password, ssl=True, ssl_ca_data=ca) as client:
        client.ping()


def rotate(life: Life, *arguments: str) -> list[dict[str, Any]]:
    """Rotate admins, and keep what they had before; what `rotate` says about each server."""
    for key, password in passwords(life).items():
        OLD.setdefault(key, []).append(password)
    done = life.project.operate("rotate", *arguments, "--admin", "--json")
    life.__dict__.pop("told", None)
    found: list[dict[str, Any]] = json.loads(done.out)["servers"]
    return found


def test_apps_notice_nothing_of_two_rotations_of_every_admin(life: Life) -> None:
    with psycopg.connect(life.url("shop", "migrate_url", "postgres"), autocommit=True) as migrate:
        migrate.execute("CREATE TABLE worked (client text)")
    before = life.host.ids()
    running = life.host.client.containers.run(
        "data-tier/probe:1",
        ["-c", PROGRAM],
        entrypoint="python3",
        detach=True,
        network=f"{PREFIX}-data-tier",
        labels={LABEL: PREFIX},
        volumes={f"{PREFIX}-shop-secrets": {"bind": "/run/secrets", "mode": "ro"}},
    )
    try:
        time.sleep(3)
        turned = rotate(life, "all")
        rotate(life, "all")
        time.sleep(2)
        running.stop(timeout=20)
        counted = json.loads(running.logs(stdout=True, stderr=False))
    finally:
        running.remove(force=True)
    print(f"\nadmins rotated twice under load: {json.dumps(counted)}")
    assert {name: (its["failed"], its["errors"]) for name, its in counted.items()} == dict.fromkeys(counted, (0, []))
    assert all(its["done"] > 10 for its in counted.values()), counted
    assert counted["sql busy"]["connected"] == counted["redis busy"]["connected"] == 1, "nobody was sent away"
    assert {one["server"] for one in turned} == {"postgres", "redis", "redis.pages", "postgres-blog", "redis-blog"}
    assert life.host.ids() == before


def test_logins_that_belong_to_a_server_have_turned_with_its_admin_and_work_after_a_restart(life: Life) -> None:
    made = {it["urn"].rsplit("::", 1)[-1]: it.get("inputs", {}) for it in life.project.resources()}
    names = ("postgres-pooler-auth", "postgres-pooler-console", "postgres-watchdog")
    assert {made[f"{name}-password"]["keepers"]["generation"] for name in names} == {"3"}
    life.project.operate("restart", "all")
    with psycopg.connect(life.url("shop", "database_url", "postgres"), autocommit=True) as shop:
        assert shop.execute("SELECT session_user").fetchone() == ("shop_a",)
    assert life.project.operate("watchdog").code == 0
    assert life.project.operate("pooler", "status").code == 0


def test_only_the_present_password_is_taken(life: Life) -> None:
    for key, password in passwords(life).items():
        login(life, key, password)
        assert len({password, *OLD[key]}) == 3, "each rotation makes a new one"
        for old in OLD[key]:
            with pytest.raises((psycopg.OperationalError, redis.AuthenticationError)):
                login(life, key, old)


def test_the_secret_file_has_it_and_commands_work_with_it(life: Life) -> None:
    for key, password in passwords(life).items():
        server = life.told["servers"][key]
        container = life.host.containers()[server["name"]]
        assert ran(container, ["cat", f"/run/secrets/{FILES[server['kind']]}"]) == (0, password)
    psql = life.project.plain("-m", "operate", "psql", "shop", "--admin", "--stack", STACK, "--", "-tAc", "select 7")
    assert psql.out.strip() == "7"
    assert life.project.operate("redis", "blog", "--admin", "ping").out.strip() == "PONG"
    assert not json.loads(life.project.operate("status", "--json").out)["problems"]


def test_nothing_drifts(life: Life) -> None:
    for command in (["preview", "--expect-no-changes"], ["refresh", "--yes"], ["preview", "--expect-no-changes"]):
        done = life.project.pulumi(*command, ok=False)
        assert done.code == 0, done.text


def test_servers_that_start_again_take_it(life: Life) -> None:
    for name in (f"{PREFIX}-redis-unified", f"{PREFIX}-redis-pages", f"{PREFIX}-postgres-unified"):
        life.host.containers()[name].restart(timeout=20)
    life.project.operate("restart", "shop")
    for key, password in passwords(life).items():
        login(life, key, password)
    with pytest.raises(redis.AuthenticationError):
        login(life, "redis", OLD["redis"][-1])


def test_one_server_alone_turns(life: Life) -> None:
    before = passwords(life)
    [one] = rotate(life, "redis.pages")
    assert (one["server"], one["generation"]) == ("redis.pages", 4)
    assert {key for key, password in passwords(life).items() if password != before[key]} == {"redis.pages"}


def test_an_app_that_was_rotated_is_not_let_in_with_its_password_before(life: Life) -> None:
    old = life.url("shop", "redis_url", "redis")
    life.project.operate("rotate", "shop")
    rotate(life, "redis")
    with pytest.raises(redis.AuthenticationError):
        redis.Redis.from_url(old).ping()
    assert redis.Redis.from_url(life.url("shop", "redis_url", "redis")).ping()


def test_a_rotation_that_was_killed_after_the_server_had_turned_goes_on(life: Life) -> None:
    section = life.project.edit()["config"]["data-tier:postgres"]
    life.change(postgres={**section, "generation": section.get("generation", 1) + 1})
    old, server = passwords(life)["postgres"], life.told["servers"]["postgres"]["address"]
    told = life.project.steps()
    replaced = {name for name, ops in told.items() if {"replace", "create-replacement"} & ops}
    assert all(name.endswith(("-secrets-fill", "-password", "-password-b", "-salt")) for name in replaced), told
    assert "postgres-shop-a" not in told, "nothing inside the server has changed"
    up = subprocess.Popen(
        ["./pulumiw", "up", "--yes", "--skip-preview", "--stack", STACK],
        cwd=life.project.root, env=life.project.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    try:
        until = time.monotonic() + 120
        while time.monotonic() < until and up.poll() is None:
            try:
                psycopg.connect(host=server, user="admin", password=old, dbname="postgres", connect_timeout=5).close()
            except psycopg.OperationalError:
                break
            time.sleep(0.02)
    finally:
        os.killpg(up.pid, signal.SIGKILL)
        up.wait()
    assert up.returncode == -signal.SIGKILL, "it had ended before it was killed: nothing was tried"
    life.project.pulumi("cancel", "--yes")
    life.up()
    login(life, "postgres", passwords(life)["postgres"])
    done = life.project.pulumi("preview", "--expect-no-changes", ok=False)
    assert done.code == 0, done.text


def test_a_generation_that_skips_or_goes_back_is_refused(life: Life) -> None:
    section = life.project.edit()["config"]["data-tier:postgres"]
    now = section["generation"]
    for wrong in (now + 2, now - 1):
        life.change(postgres={**section, "generation": wrong})
        wanted = (f"data-tier:postgres.generation = {wrong}", f"it was {now}", "nothing was built")
        life.refused(["preview"], wanted=wanted)
    life.change(postgres=section)


def test_of_two_rotations_at_once_one_is_refused_and_the_number_rises_once(life: Life) -> None:
    now = life.told["servers"]["postgres-blog"]["generation"]
    done: list[Any] = []

    def run() -> None:
        done.append(life.project.operate("rotate", "postgres-blog", "--admin", ok=False))

    both = [threading.Thread(target=run) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert sorted(one.code for one in done) == [0, 1], [one.text for one in done]
    assert "locked" in next(one.text for one in done if one.code)
    life.__dict__.pop("told", None)
    assert life.told["servers"]["postgres-blog"]["generation"] == now + 1
    life.project.operate("rotate", "nothing", "--admin", ok=False)


def test_no_password_of_an_admin_is_in_a_log_a_command_line_or_the_plain_state(life: Life) -> None:
    made = [it for it in life.project.resources() if it["type"] == "random:index/randomPassword:RandomPassword"]
    secrets = {it["outputs"]["result"] for it in made} | {old for its in OLD.values() for old in its}
    plain = life.project.pulumi("stack", "export").out
    logs = "".join(one.logs().decode() for one in life.host.containers(ended=True).values())
    inspected = json.dumps([one.attrs for one in life.host.containers(ended=True).values()])
    said = "".join(text for text in life.project.said if '"admin_passwords": {' not in text)  # asked for in plain
    assert len(secrets) > 15
    for secret in secrets:
        assert secret not in plain
        assert secret not in logs
        assert secret not in inspected
        assert secret not in said
        assert not [line for line in life.project.seen if secret in line]
