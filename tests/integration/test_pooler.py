"""The pooler on real Docker: who gets in, what works through it, and that it stays as it is when apps come.

One stack of its own: a shared server and an app with its own one, each behind a pooler.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Iterator
from typing import Any

import docker
import psycopg
import pytest

from tests.integration.daemon import ran
from tests.integration.life import lived
from tests.integration.pooler_stacks import Pooled, answers_again, memory, password_of, two_servers
from tests.integration.project import Project

pytestmark = pytest.mark.integration
PREFIX = f"pooled-{os.getpid()}"
CLIENTS = 1000
CONNECT_AT_ONCE = 50
POOL = 8
MEBIBYTE = 1024 * 1024


@pytest.fixture(scope="module")
def life(daemon: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pooled]:
    """Three apps without services, up; purged at the end."""
    with lived(
        daemon,
        Project(tmp_path_factory.mktemp("pooled"), two_servers(daemon, PREFIX, clients=CLIENTS, pool=POOL)),
        Pooled,
    ) as found:
        yield found


@pytest.mark.parametrize("app", ["shop", "blog"])
def test_an_app_reaches_its_database_through_the_pooler_of_its_server(life: Pooled, app: str) -> None:
    with life.connect(app) as connection:
        row = connection.execute("SELECT current_database(), current_user, inet_client_addr()").fetchone()
    assert row == (app, f"{app}_a", None), "by the server's socket"


def test_migrations_and_what_a_pool_cannot_do_go_to_the_server_itself(life: Pooled) -> None:
    for url, user in (("migrate_url", "shop_owner"), ("database_direct_url", "shop_a")):
        with life.connect("shop", url) as connection:
            row = connection.execute("SELECT current_user, host(inet_client_addr())").fetchone()
            connection.execute("LISTEN orders")
        assert row is not None
        assert row[0] == user
        assert row[1] is not None
    assert "database_direct_url" not in life.told["secrets"]["urls"]["wiki"]


def test_a_second_preview_is_empty_and_so_is_one_after_a_refresh(life: Pooled) -> None:
    for command in (["preview"], ["refresh", "--yes", "--skip-preview"], ["preview"]):
        done = life.project.pulumi(*command, "--expect-no-changes", ok=False)
        assert done.code == 0, done.text


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"password": "wrong"}, "authentication failed"),
        ({"dbname": "wiki"}, "pg_hba.conf"),
        ({"dbname": "postgres"}, "pg_hba.conf"),
        ({"dbname": "nowhere"}, "nowhere|pg_hba.conf"),
        ({"user": "nobody"}, "no such user"),
        ({"user": "admin"}, "no such user"),
        ({"user": "shop_migrate"}, "no such user"),
        ({"user": "shop_owner"}, "no such user"),
        ({"user": "pgbouncer_auth"}, "rejected|authentication failed"),
        ({"dbname": "pgbouncer_auth"}, "rejected|authentication failed"),
        ({"dbname": "pgbouncer"}, "rejected|authentication failed|not allowed"),
        ({"user": "pgbouncer"}, "rejected|authentication failed"),
        ({"dbname": "pgbouncer", "user": "pgbouncer"}, "authentication failed"),
    ],
)
def test_a_wrong_login_is_refused(life: Pooled, changed: dict[str, str], reason: str) -> None:
    with pytest.raises(psycopg.OperationalError, match=reason):
        life.connect("shop", **changed)


@pytest.mark.parametrize("user", ["admin", "shop_migrate", "pgbouncer_auth"])
def test_the_right_password_lets_nobody_in_who_does_not_belong_behind_the_pooler(life: Pooled, user: str) -> None:
    known = {
        "admin": life.told["secrets"]["admin_passwords"]["postgres"],
        "shop_migrate": life.login("shop", "migrate_url")["password"],
        "pgbouncer_auth": password_of(life, "postgres-pooler-auth-password"),
    }
    for database in ("shop", "postgres", "pgbouncer_auth", "pgbouncer"):
        with pytest.raises(psycopg.OperationalError):
            life.connect("shop", user=user, password=known[user], dbname=database)


def test_looking_up_logins_is_allowed_from_the_pooler_only_and_gives_away_no_superuser(life: Pooled) -> None:
    server = life.told["servers"]["postgres"]
    with pytest.raises(psycopg.OperationalError, match=r"pg_hba\.conf"):
        psycopg.connect(
            host=server["address"],
            user="pgbouncer_auth",
            dbname="pgbouncer_auth",
            password=password_of(life, "postgres-pooler-auth-password"),
        )
    inside = life.host.client.containers.get(server["name"])
    asked = "SELECT count(*) FROM pooler.login('{}')"
    psql = ["psql", "-qAtU", "admin", "-d", "pgbouncer_auth", "-c"]
    for role, found in (("admin", "0"), ("shop_migrate", "0"), ("shop_owner", "0"), ("shop_a", "1")):
        assert ran(inside, [*psql, asked.format(role)], user="postgres") == (0, found), role
    may = "SELECT rolname FROM pg_roles WHERE has_function_privilege(rolname, 'pooler.login(text)', 'EXECUTE')"
    assert ran(inside, [*psql, f"{may} AND NOT rolsuper"], user="postgres") == (0, "pgbouncer_auth")


def test_a_client_from_another_network_is_refused_with_the_right_password(life: Pooled) -> None:
    pooler = life.host.client.containers.get(life.told["poolers"]["postgres"]["name"])
    other = life.host.client.networks.create(f"{PREFIX}-other", labels={"data-tier.stack": PREFIX})
    try:
        other.connect(pooler)
        pooler.reload()
        address = pooler.attrs["NetworkSettings"]["Networks"][other.name]["IPAddress"]
        with pytest.raises(psycopg.OperationalError, match="no authentication method"):
            life.connect("shop", host=address)
    finally:
        other.disconnect(pooler)
        other.remove()


def test_the_log_says_why_a_login_was_refused_and_never_the_secret(life: Pooled) -> None:
    with pytest.raises(psycopg.OperationalError):
        life.connect("shop", password="Entirely-Wrong-1")
    with pytest.raises(psycopg.OperationalError):
        life.connect("shop", user="admin")
    log = life.log()
    assert "shop/shop_a" in log
    assert "authentication failed" in log
    assert "Entirely-Wrong-1" not in log
    assert not [it for it in life.project.resources() if (it.get("outputs", {}).get("result") or "-no-") in log]


def test_prepared_statements_work_whichever_server_connection_a_transaction_gets(life: Pooled) -> None:
    clients = [life.connect("shop", prepare_threshold=0) for _ in range(3 * POOL)]
    try:
        for turn in range(4):
            for number, client in enumerate(clients):
                with client.transaction():
                    row = client.execute("SELECT %s::int + %s::int", (number, turn)).fetchone()
                assert row == (number + turn,)
        with clients[0].transaction():  # the server's side of it, in a transaction that stays open meanwhile
            held = clients[0].execute("SELECT count(*) FROM pg_prepared_statements").fetchone()
        assert held is not None
        assert held[0] > 0, "nothing was prepared: nothing was tried"
    finally:
        for client in clients:
            client.close()


def test_a_thousand_clients_are_served_by_one_pool_and_none_is_refused(life: Pooled) -> None:
    login = life.login("shop", connect_timeout=60)

    async def all_of_them() -> tuple[int, int, int]:
        at_once, open_ones = asyncio.Semaphore(CONNECT_AT_ONCE), []

        async def one() -> int:
            async with at_once:
                client = await psycopg.AsyncConnection.connect(**login, autocommit=True)
                open_ones.append(client)
            row = await (await client.execute("SELECT 1")).fetchone()
            return row[0] if row else 0

        try:
            answers = await asyncio.gather(*(one() for _ in range(CLIENTS)))
            idle = memory(life, "postgres-unified-pooler")
            again = await asyncio.gather(*(client.execute("SELECT 1") for client in open_ones))
            return sum(answers), idle, len(again)
        finally:
            for client in open_ones:
                await client.close()

    answered, idle, again = asyncio.run(all_of_them())
    assert (answered, again) == (CLIENTS, CLIENTS)
    assert idle < 300 * MEBIBYTE
    print(f"pooler with {CLIENTS} idle clients: {idle / MEBIBYTE:.1f} MiB")
    with life.connect("shop", "migrate_url") as direct:
        row = direct.execute("SELECT count(*) FROM pg_stat_activity WHERE usename = 'shop_a'").fetchone()
    assert row is not None
    assert 0 < row[0] <= POOL


def test_an_app_that_takes_all_it_may_leaves_the_others_theirs(life: Pooled) -> None:
    """The pool of wiki is one connection: its second client waits, that of shop doesn't."""
    with life.connect("wiki") as first, life.connect("shop") as other:
        waited: list[float] = []

        def second() -> None:
            began = time.monotonic()
            with life.connect("wiki") as client:
                client.execute("SELECT 1")
            waited.append(time.monotonic() - began)

        with first.transaction():
            first.execute("SELECT 1")
            waiting = threading.Thread(target=second)
            waiting.start()
            time.sleep(1)
            began = time.monotonic()
            other.execute("SELECT 1")
            assert time.monotonic() - began < 0.5
            assert waited == []
        waiting.join(timeout=10)
    assert waited
    assert waited[0] >= 0.9


def test_paused_clients_wait_and_go_on_without_an_error(life: Pooled) -> None:
    with life.connect("shop") as client:
        client.execute("SELECT 1")
        life.console("PAUSE")
        answers: list[Any] = []
        asking = threading.Thread(target=lambda: answers.append(client.execute("SELECT 1").fetchone()))
        asking.start()
        time.sleep(1)
        assert answers == []
        life.console("RESUME")
        asking.join(timeout=10)
    assert answers == [(1,)]


def test_an_app_that_comes_leaves_every_container_as_it_is_and_gets_its_pool(life: Pooled) -> None:
    before, file = life.host.ids(), life.project.edit()
    file["config"]["data-tier:apps"]["news"] = {"postgres": {"database": "news", "connections": 3}}
    life.project.write(file)
    with life.connect("shop") as client:
        life.up()
        assert client.execute("SELECT 1").fetchone() == (1,), "who is connected stays so"
    assert life.host.ids() == before
    with life.connect("news") as connection:
        assert connection.execute("SELECT current_user").fetchone() == ("news_a",)
    pools = {row["name"]: (row["pool_size"], row["max_connections"]) for row in life.console("SHOW DATABASES")}
    assert pools["shop"] == (POOL, POOL)
    assert pools["wiki"] == (1, 1)
    assert pools["news"] == (3, 3)


def test_a_retired_app_is_refused_by_the_pooler_too(life: Pooled) -> None:
    file = life.project.edit()
    file["config"]["data-tier:retired"] = ["news"]
    life.project.write(file)
    login = life.login("news")
    life.up()
    with pytest.raises(psycopg.OperationalError, match="authentication failed"):
        psycopg.connect(**login)


def test_a_server_that_restarts_is_used_again_without_a_restart_of_the_pooler(life: Pooled) -> None:
    server = life.host.client.containers.get(life.told["servers"]["postgres"]["name"])
    life.connect("shop").close()
    server.restart(timeout=30)
    assert answers_again(life) < 30


def test_a_pooler_that_restarts_lets_transactions_end_and_serves_again_in_seconds_with_the_pools_of_apps(
    life: Pooled,
) -> None:
    pooler = life.host.client.containers.get(life.told["poolers"]["postgres"]["name"])
    pools = {row["name"]: row["pool_size"] for row in life.console("SHOW DATABASES")}
    with life.connect("shop") as busy:
        with busy.transaction():
            busy.execute("SELECT 1")
            restarting = threading.Thread(target=pooler.restart, kwargs={"timeout": 30})
            restarting.start()
            time.sleep(1)
            assert busy.execute("SELECT 2").fetchone() == (2,)
        restarting.join()
    seconds = answers_again(life)
    print(f"\nwithout a pooler for {seconds:.1f} s after it had ended")
    assert seconds < 15
    assert {row["name"]: row["pool_size"] for row in life.console("SHOW DATABASES")} == pools
