"""A pooler of two processes on real Docker: TLS and its renewal, rotation under load, pauses, requests to cancel.

One stack of its own; the tests go through its life in order, each from where the one before has left it.
"""

from __future__ import annotations

import asyncio
import json
import os
import threading
import time
from collections.abc import Iterator
from typing import Any

import docker
import psycopg
import pytest

from tests.integration import pooled_clients
from tests.integration.daemon import ran
from tests.integration.life import lived
from tests.integration.pooler_stacks import Pooled, two_processes
from tests.integration.project import Project
from tests.integration.test_rotation import clients_of
from tests.integration.test_services import report

pytestmark = pytest.mark.integration
PREFIX = f"pauses-{os.getpid()}"
CLIENTS = 8
POOLER = f"{PREFIX}-postgres-unified-pooler"
CLIENTS_TURNS = pooled_clients.CLIENTS * pooled_clients.TURNS


@pytest.fixture(scope="module")
def life(daemon: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pooled]:
    with lived(daemon, Project(tmp_path_factory.mktemp("pauses"), two_processes(daemon, PREFIX)), Pooled) as found:
        (found.project.root / "ca.crt").write_text(found.told["ca"])
        yield found


def status(life: Pooled, *, code: int = 0) -> dict[str, dict[str, Any]]:
    """The pools by database, as the command prints them."""
    done = life.project.operate("pooler", "status", "--json", ok=False)
    assert done.code == code, done.text
    return {pool["database"]: pool for pool in json.loads(done.out)["pools"]}


def verified(life: Pooled, **changed: Any) -> dict[str, Any]:
    """How shop connects, with the name of the certificate verified."""
    login = life.login("shop")
    ca = str(life.project.root / "ca.crt")
    return {**login, "hostaddr": login["host"], "host": POOLER, "sslmode": "verify-full", "sslrootcert": ca, **changed}


def test_the_app_itself_verifies_the_pooler_by_name(life: Pooled) -> None:
    port = life.project.edit()["config"]["data-tier:apps"]["shop"]["service"]["port"].split(":")[0]
    told = report(int(port))
    assert told["database"]["ok"], told
    assert f"@{POOLER}:6432/shop?sslmode=verify-full" in life.told["secrets"]["urls"]["shop"]["database_url"]


def test_nobody_gets_in_without_tls_or_under_another_name(life: Pooled) -> None:
    psycopg.connect(**verified(life)).close()
    with pytest.raises(psycopg.OperationalError, match="SSL required"):
        life.connect("shop", sslmode="disable")
    with pytest.raises(psycopg.OperationalError, match="does not match host name"):
        psycopg.connect(**verified(life, host="other-pooler"))
    assert "SSL required" in life.log()


def test_health_checks_leave_no_line_in_the_log(life: Pooled) -> None:
    before = life.log()
    time.sleep(5)
    assert life.log() == before


def test_no_network_carries_connections_to_the_server(life: Pooled) -> None:
    with life.connect("shop") as client:
        assert client.execute("SELECT inet_client_addr()").fetchone() == (None,)
    server, pooler = (
        life.host.containers()[f"{PREFIX}-{name}"] for name in ("postgres-unified", "postgres-unified-pooler")
    )
    shared = [
        mount["Name"] for mount in pooler.attrs["Mounts"] if not mount["RW"] and mount["Name"].endswith("-socket")
    ]
    assert shared == [f"{server.name}-socket"]
    others = [its for its in life.host.containers(ended=True).values() if its not in (server, pooler)]
    assert not [its.name for its in others if shared[0] in str(its.attrs["Mounts"])]


def test_nobody_else_is_let_in_by_the_servers_socket(life: Pooled) -> None:
    """As whoever gets hold of the pooler's container would try it: as the admin, as another app, as a migration."""
    pooler = life.host.containers()[f"{PREFIX}-postgres-unified-pooler"]
    for user, database, said in (
        ("admin", "postgres", "Peer authentication failed"),
        ("shop_a", "wiki", "pg_hba.conf rejects connection"),
        ("pgbouncer_auth", "shop", "pg_hba.conf rejects connection"),
    ):
        command = ["psql", "-h", "/var/run/postgresql", "-U", user, "-d", database, "-w", "-c", "select 1"]
        code, told = ran(pooler, command)
        assert code != 0
        assert said in told, told


def test_the_budget_is_divided_by_weight(life: Pooled) -> None:
    """71 less 10 reserved, 12 of look-ups, 2 x 5 of migrations and 2 direct ones: 37, of which each process has one
    for each app beforehand; 33 are left for the weights 2 and 1.
    """
    pools = status(life)
    assert (pools["shop"]["size"], pools["wiki"]["size"]) == (24, 12)
    with life.connect("shop", "migrate_url") as direct:
        limits = dict(
            direct.execute("SELECT rolname, rolconnlimit FROM pg_roles WHERE rolname ~ '^[a-z]+_a$'").fetchall()
        )
    assert limits == {"shop_a": 26, "wiki_a": 13}


@pytest.mark.parametrize(
    ("client", "right"),
    [
        (lambda login: asyncio.run(pooled_clients.psycopg_pipelined(login)), CLIENTS_TURNS),
        (lambda login: asyncio.run(pooled_clients.asyncpg_cached(login)), CLIENTS_TURNS),
        (lambda login: pooled_clients.sqlalchemy_pooled(login, "psycopg"), pooled_clients.CLIENTS),
        (lambda login: pooled_clients.sqlalchemy_pooled(login, "asyncpg"), pooled_clients.CLIENTS),
    ],
    ids=["psycopg pipelined", "asyncpg with its cache", "SQLAlchemy on psycopg", "SQLAlchemy on asyncpg"],
)
def test_real_clients_prepare_their_statements_as_they_are(life: Pooled, client: Any, right: int) -> None:
    assert client(life.login("wiki")) == right


def test_a_request_to_cancel_finds_the_process_that_has_the_query(life: Pooled) -> None:
    canceled = []

    def sleep(client: psycopg.Connection[Any]) -> None:
        try:
            client.execute("SELECT pg_sleep(20)")
        except psycopg.errors.QueryCanceled:
            canceled.append(client)

    sessions = [life.connect("shop") for _ in range(CLIENTS)]
    running = [threading.Thread(target=sleep, args=(client,)) for client in sessions]
    for one in running:
        one.start()
    time.sleep(1)
    for client in sessions:
        client.cancel_safe(timeout=5)
    for one in running:
        one.join(timeout=10)
    for client in sessions:
        client.close()
    assert len(canceled) == CLIENTS


def test_a_pause_of_one_app_lets_its_clients_wait_and_shows_everywhere(life: Pooled) -> None:
    answers: list[Any] = []
    with life.connect("shop") as client, life.connect("wiki") as other:
        client.execute("SELECT 1")
        life.project.operate("pooler", "pause", "shop")
        asking = threading.Thread(target=lambda: answers.append(client.execute("SELECT 1").fetchone()))
        asking.start()
        other.execute("SELECT 1")
        time.sleep(1)
        assert answers == []
        pools = status(life, code=1)
        assert {name: pool["paused"] for name, pool in pools.items()} == {"shop": True, "wiki": False}
        assert pools["shop"]["waiting"] == 1
        told = life.project.operate("status", ok=False)
        assert told.code == 1
        assert "/shop: paused" in told.out.replace("\n", "")
        assert "./operatew pooler resume" in life.project.operate("doctor", "--json", ok=False).out
        life.project.operate("pooler", "resume", "shop")
        asking.join(timeout=10)
    assert answers == [(1,)]
    assert not any(pool["paused"] for pool in status(life).values())


def test_a_pause_of_everything_ends_by_resume_and_new_clients_wait_too(life: Pooled) -> None:
    life.project.operate("pooler", "pause")
    assert status(life, code=1)["*"]["paused"]
    came: list[Any] = []
    coming = threading.Thread(target=lambda: came.append(life.connect("wiki").execute("SELECT 1").fetchone()))
    coming.start()
    time.sleep(1)
    assert came == []
    life.project.operate("pooler", "resume")
    coming.join(timeout=10)
    assert came == [(1,)]
    life.project.operate("status")


def test_a_pause_that_a_transaction_holds_up_gives_up_and_leaves_nothing_paused(life: Pooled) -> None:
    with life.connect("shop") as client, client.transaction():
        client.execute("SELECT 1")
        done = life.project.operate("pooler", "pause", "shop", "--seconds", "2", ok=False)
        assert done.code == 1
        assert "nothing is paused" in done.err
        assert "Traceback" not in done.text
    assert not any(pool["paused"] for pool in status(life).values())


def test_a_wrong_name_is_one_error(life: Pooled) -> None:
    done = life.project.operate("pooler", "pause", "blog", ok=False)
    assert (done.code, done.out) == (1, "")
    assert "has no app blog" in done.err


def test_a_renewed_certificate_is_shown_and_nobody_is_disconnected(life: Pooled) -> None:
    def shown() -> bytes:
        import socket
        import ssl

        context = ssl.create_default_context(cadata=life.told["ca"])
        with socket.create_connection((life.login("shop")["host"], 6432), 5) as plain:
            plain.sendall(b"\x00\x00\x00\x08\x04\xd2\x16\x2f")
            assert plain.recv(1) == b"S"
            with context.wrap_socket(plain, server_hostname=POOLER) as channel:
                return channel.getpeercert(binary_form=True) or b""

    old, ids, file = shown(), life.host.ids(), life.project.edit()
    file["config"]["data-tier:tls"] = {"days": 90}
    life.project.write(file)
    errors: list[str] = []
    over = threading.Event()

    def work(kept: psycopg.Connection[Any] | None) -> None:
        while not over.is_set():
            try:
                if kept:
                    kept.execute("SELECT 1")
                else:
                    psycopg.connect(**verified(life)).close()
            except psycopg.Error as error:
                errors.append(str(error))

    held = [life.connect("shop") for _ in range(CLIENTS)]
    running = [threading.Thread(target=work, args=(one,)) for one in [*held, None]]
    for one in running:
        one.start()
    life.up()
    over.set()
    for one in running:
        one.join()
    assert errors == []
    assert old not in {shown() for _ in range(20)}, "of either process"
    assert {name for name, its in life.host.ids().items() if ids.get(name) != its} == set()
    for client in held:
        client.close()


def test_clients_of_the_pooler_that_read_their_file_at_reconnect_lose_no_transaction(life: Pooled) -> None:
    with life.connect("shop", "migrate_url") as migrate:
        migrate.execute("CREATE TABLE worked (client text)")
    before, old = life.host.ids(), life.login("shop")
    with clients_of(life.host, PREFIX) as counted:
        for _ in range(2):
            life.project.operate("rotate", "shop", "--json")
    life.__dict__.pop("told", None)
    print(f"\nrotated twice through the pooler: {json.dumps(counted)}")
    assert {name: (its["failed"], its["errors"]) for name, its in counted.items()} == dict.fromkeys(counted, (0, []))
    assert all(its["done"] > 10 for its in counted.values()), counted
    assert counted["sql new"]["users"] == ["shop_a", "shop_b"]
    assert counted["sql pooled"]["users"] == ["shop_a", "shop_b"], "sent on by the end of its idle connection"
    assert {name for name in before if life.host.ids()[name] != before[name]} == set()
    with pytest.raises(psycopg.OperationalError, match="authentication failed"):
        psycopg.connect(**old)
    life.connect("shop").close()


def test_a_former_login_is_refused_and_nobody_is_left_on_it(life: Pooled) -> None:
    old = life.login("shop")
    with life.connect("shop") as idle:
        idle.execute("SELECT 1")
        told = json.loads(life.project.operate("rotate", "shop", "--json").out)["apps"][0]
        life.__dict__.pop("told", None)
        assert (told["former"], told["sessions"]) == (old["user"], 0)
        with pytest.raises(psycopg.OperationalError):
            idle.execute("SELECT 1")
    for _ in range(4):  # either process
        with pytest.raises(psycopg.OperationalError, match="authentication failed"):
            psycopg.connect(**old)
    with life.connect("shop") as client, life.connect("wiki") as quiet:
        time.sleep(3)  # the end of idle clients was for the former login, and is over
        assert client.execute("SELECT session_user").fetchone() != (old["user"],)
        quiet.execute("SELECT 1")
    assert old["password"] not in life.log()


def test_without_tls_it_serves_in_clear(life: Pooled) -> None:
    file = life.project.edit()
    file["config"]["data-tier:tls"] = {"enabled": False}
    life.project.write(file)
    life.up()
    with life.connect("shop", sslmode="disable") as client:
        assert client.execute("SELECT 1").fetchone() == (1,)
    done = life.project.pulumi("preview", "--expect-no-changes", ok=False)
    assert done.code == 0, done.text
