"""TLS on real Docker: who is refused, and a renewal under load. One small stack of its own."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import docker
import psycopg
import pytest
import redis

from components.tls import certificates
from operate import reload_tls
from tests.integration import stackfile
from tests.integration.daemon import ran
from tests.integration.life import Life, lived
from tests.integration.project import Project
from tests.integration.test_services import report

pytestmark = pytest.mark.integration
PREFIX = f"tls-{os.getpid()}"
_NAMED = """
import json, socket, sys, redis
given, real = json.load(sys.stdin), socket.getaddrinfo
socket.getaddrinfo = lambda host, *rest, **more: real(given["address"], *rest, **more)
open("/tmp/ca.crt", "w").write(given["ca"])
try:
    redis.Redis.from_url(given["url"].replace("/run/secrets", "/tmp")).ping()
    print("let in")
except redis.RedisError as error:
    print(error)
"""


class Secured(Life):
    """The stack of this file, with the authority's certificate in a file."""

    @property
    def ca(self) -> Path:
        return self.project.root / "ca.crt"

    def shop(self, file: str, server: str) -> str:
        """A URL of the app for the host: by the server's address, which its certificate has too."""
        told = self.told
        login, _, where = told["secrets"]["urls"]["shop"][file].rpartition("@")
        rest = where.partition(":")[2].replace("/run/secrets/ca.crt", str(self.ca))
        return f"{login}@{told['servers'][server]['address']}:{rest}"

    def shown(self, server: str) -> str:
        """The fingerprint of the certificate that a server shows, verified."""
        its = self.told["servers"][server]
        where = {"host": its["address"], "port": its["port"], "ca": self.ca.read_text()}
        return reload_tls.shown(
            reload_tls.Server(**where, fingerprint="", user="", password=""), postgres=server == "postgres"
        )

    def set_days(self, days: int) -> None:
        file = self.project.edit()
        file["config"]["data-tier:tls"] = {"days": days}
        self.project.write(file)


def settings(client: docker.DockerClient) -> dict[str, Any]:
    data, backend = (str(subnet) for subnet in stackfile.free_subnets(client, 2))
    port = stackfile.free_port(14_800, 14_899)
    return {
        "data-tier:prefix": PREFIX,
        "data-tier:images": dict(stackfile.IMAGES),
        "data-tier:network": {
            "data": {"internal": True, "subnet": data},
            "backend": {"internal": True, "subnet": backend, "publish": "loopback", "ports": "14800-14899"},
        },
        "data-tier:postgres": {"image": "postgres:17", "resources": {"memory": "256Mi", "cpu": 1}, "connections": 60},
        "data-tier:redis": {"image": "redis:8", "memory": "64Mi", "databases": {"cache": 0}},
        "data-tier:apps": {
            "shop": {
                "postgres": {"database": "shop"},
                "redis": ["cache"],
                "service": {"tier": "backend", "memory": "64Mi", "port": f"{port}:8000"},
            }
        },
    }


@pytest.fixture(scope="module")
def secured(daemon: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    """One app on shared servers, up; purged at the end."""
    project = Project(tmp_path_factory.mktemp("tls"), settings(daemon))
    with lived(daemon, project, Secured) as found:
        found.ca.write_text(found.told["ca"])
        yield found


def test_the_app_itself_verifies_both_servers_by_name(secured):
    port = secured.project.edit()["config"]["data-tier:apps"]["shop"]["service"]["port"].split(":")[0]
    told = report(int(port))
    assert told["database"]["ok"], told
    assert told["redis"]["ok"], told
    urls = secured.told["secrets"]["urls"]["shop"]
    assert "sslmode=verify-full&sslrootcert=/run/secrets/ca.crt" in urls["database_url"]
    assert urls["redis_url"].startswith("rediss://")


def test_nobody_logs_in_to_postgresql_without_tls_and_its_log_says_why(secured):
    url = secured.shop("database_url", "postgres")
    with pytest.raises(psycopg.OperationalError, match="no encryption"):
        psycopg.connect(url, sslmode="disable", sslrootcert=None, connect_timeout=5)
    log = secured.host.containers()[f"{PREFIX}-postgres-unified"].logs().decode()
    assert 'user "shop_a", database "shop", no encryption' in log
    assert url.split(":")[2].split("@")[0] not in log


def test_redis_does_not_speak_in_clear(secured):
    its = secured.told["servers"]["redis"]
    with pytest.raises(redis.ConnectionError):
        redis.Redis(host=its["address"], port=its["port"], socket_timeout=5, socket_connect_timeout=5).ping()


def test_a_server_under_another_name_is_refused_by_libpq(secured):
    url, address = secured.shop("database_url", "postgres"), secured.told["servers"]["postgres"]["address"]
    named = url.replace(f"@{address}:", "@other-postgres:")
    with pytest.raises(psycopg.OperationalError, match="does not match host name"):
        psycopg.connect(named, hostaddr=address, connect_timeout=5)
    right = url.replace(f"@{address}:", f"@{PREFIX}-postgres-unified:")
    psycopg.connect(right, hostaddr=address, connect_timeout=5).close()


def test_a_server_under_another_name_is_refused_by_redis_py(secured):
    told = secured.told
    given = {"address": told["servers"]["redis"]["address"], "ca": told["ca"]}
    url, network = told["secrets"]["urls"]["shop"]["redis_url"], told["networks"]["data"]["name"]
    assert secured.host.run_in(network, _NAMED, {**given, "url": url}) == "let in"
    other = url.replace(f"@{PREFIX}-redis-unified:", "@other-redis:")
    assert "Hostname mismatch" in secured.host.run_in(network, _NAMED, {**given, "url": other})


def test_a_server_of_another_authority_is_refused(secured, tmp_path):
    (tmp_path / "ca.crt").write_text(certificates.authority("another seed", PREFIX, datetime.now(UTC)))
    url = secured.shop("database_url", "postgres").replace(str(secured.ca), str(tmp_path / "ca.crt"))
    with pytest.raises(psycopg.OperationalError, match="certificate verify failed"):
        psycopg.connect(url, connect_timeout=5)


@dataclass
class Client:
    """Does `work` again and again in a thread of its own; `done` counts, `errors` collects."""

    work: Callable[[], object]
    done: int = 0
    errors: list[str] = field(default_factory=list)

    def run(self, over: threading.Event) -> None:
        while not over.is_set():
            try:
                self.work()
                self.done += 1
            except Exception as error:
                self.errors.append(f"{type(error).__name__}: {error}")
                time.sleep(0.1)


def clients(secured: Secured, held: psycopg.Connection[Any], kept: redis.Redis) -> dict[str, Client]:
    """Two that stay connected and two that connect anew each time, all of which verify."""
    database, cache = secured.shop("database_url", "postgres"), secured.shop("redis_url", "redis")

    def transact() -> None:
        with held.transaction():
            held.execute("SELECT 1")

    def connect() -> None:
        with psycopg.connect(database, connect_timeout=5) as connection:
            connection.execute("SELECT 1")

    def ask() -> None:
        with redis.Redis.from_url(cache) as client:
            client.set("shop:key", "1", ex=60)

    return {
        "held": Client(transact),
        "reconnecting": Client(connect),
        "kept": Client(lambda: kept.set("shop:other", "1", ex=60)),
        "reconnecting to redis": Client(ask),
    }


def test_a_renewal_changes_the_certificates_and_no_container_and_no_client_notices(secured):
    ids, before = secured.host.ids(), {server: secured.shown(server) for server in ("postgres", "redis")}
    over = threading.Event()
    with (
        psycopg.connect(secured.shop("database_url", "postgres"), autocommit=True) as held,
        redis.Redis.from_url(secured.shop("redis_url", "redis"), single_connection_client=True, retry=None) as kept,
    ):
        backend, connection = held.info.backend_pid, kept.client_id()
        at_work = clients(secured, held, kept)
        threads = [threading.Thread(target=its.run, args=(over,)) for its in at_work.values()]
        for thread in threads:
            thread.start()
        try:
            secured.set_days(90)
            secured.project.pulumi("up", "--yes", "--skip-preview")
            time.sleep(1)
        finally:
            over.set()
            for thread in threads:
                thread.join()
        assert {name: its.errors for name, its in at_work.items() if its.errors} == {}
        assert min(its.done for its in at_work.values()) > 20, "hardly anything was tried"
        assert held.execute("SELECT pg_backend_pid()").fetchone() == (backend,), "the same session"
        assert kept.client_id() == connection, "the same connection"
    print({name: its.done for name, its in at_work.items()})
    assert secured.host.ids() == ids
    for server, fingerprint in before.items():
        assert secured.shown(server) != fingerprint, server


def test_after_a_renewal_there_is_nothing_to_do_with_or_without_a_refresh(secured):
    secured.project.pulumi("preview", "--expect-no-changes")
    secured.project.pulumi("refresh", "--yes", "--skip-preview")
    secured.project.pulumi("preview", "--expect-no-changes")


def test_no_private_key_is_in_plain_in_state_output_inspection_or_command_lines(secured):
    state = secured.project.pulumi("stack", "export").out
    assert "BEGIN CERTIFICATE" in state, "the authority is for everybody to see"
    inspected = str([item.attrs for item in secured.host.containers(ended=True).values()])
    for text in (state, inspected, *secured.project.said, *secured.project.seen):
        assert "PRIVATE KEY" not in text


def test_a_key_can_be_read_by_its_server_only(secured):
    for name, user in ((f"{PREFIX}-postgres-unified", "postgres"), (f"{PREFIX}-redis-unified", "redis")):
        told = ran(secured.host.containers()[name], ["stat", "-c", "%U %a", "/run/secrets/tls.key"])
        assert told == (0, f"{user} 400")


def test_the_admins_clients_inside_the_servers_work(secured):
    answers = {
        ("psql", "shop", "--", "-Atc", "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"): "t",
        ("redis", "shop", "--", "get", "shop:key"): "1",
        ("redis", "shop", "--admin", "--", "get", "shop:key"): "1",
    }
    for (command, app, *rest), expected in answers.items():
        done = secured.project.plain("-m", "operate", command, app, *rest)
        assert done.out.strip() == expected, done.text
