"""The server images at work: PostgreSQL and Redis by the official images' contract."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator

import docker
import pytest
from docker.models.containers import Container

from tests.integration.daemon import ran

pytestmark = pytest.mark.integration
POSTGRES, REDIS, PROBE = "data-tier/postgres:17", "data-tier/redis:8", "data-tier/probe:1"


class Host:
    """Containers and volumes of one test, all removed at its end."""

    def __init__(self) -> None:
        self.client = docker.from_env()
        self.prefix = f"dt-images-{secrets.token_hex(4)}"
        self._containers: list[Container] = []

    def run(self, image: str, command: list[str] | None = None, **more: object) -> Container:
        """A container started in the background without network."""
        name = f"{self.prefix}-{len(self._containers)}"
        more.setdefault("network_mode", "none")
        container = self.client.containers.run(image, command, name=name, detach=True, **more)  # type: ignore[call-overload]
        self._containers.append(container)
        return container

    def close(self) -> None:
        """Remove everything."""
        for container in self._containers:
            container.remove(force=True, v=True)
        for volume in self.client.volumes.list(filters={"name": self.prefix}):
            volume.remove(force=True)


@pytest.fixture
def host() -> Iterator[Host]:
    made = Host()
    yield made
    made.close()


def sh(container: Container, command: str, user: str = "") -> str:
    """What a shell command in a container prints; a failure fails the test."""
    code, out = ran(container, ["sh", "-c", command], user=user)
    assert code == 0, out
    return out


def until(container: Container, command: str, seconds: int = 40) -> None:
    """Wait for a command in a container to succeed."""
    end = time.monotonic() + seconds
    while container.exec_run(["sh", "-c", command])[0]:
        container.reload()
        assert container.status == "running", container.logs().decode()[-2000:]
        assert time.monotonic() < end, container.logs().decode()[-2000:]
        time.sleep(0.3)


READY = "pg_isready -q -h 127.0.0.1 -U boss"
SETTINGS = {"POSTGRES_USER": "boss", "POSTGRES_DB": "shop", "POSTGRES_PASSWORD": "quite-secret-words"}


def test_postgres_makes_user_and_database_runs_as_999_and_keeps_them_over_a_restart(host: Host) -> None:
    volume = {f"{host.prefix}-data": {"bind": "/var/lib/postgresql/data", "mode": "rw"}}
    first = host.run(POSTGRES, environment=SETTINGS, volumes=volume)
    until(first, READY)
    query = "psql -h 127.0.0.1 -U boss -d shop -Atc"
    assert sh(first, f"PGPASSWORD=quite-secret-words {query} 'SELECT current_user, 1'") == "boss|1"
    assert sh(first, "stat -c %u:%g /proc/1") == "999:999"
    sh(first, f"PGPASSWORD=quite-secret-words {query} 'CREATE TABLE kept AS SELECT 42 AS n'")
    first.stop(timeout=20)
    second = host.run(POSTGRES, environment={**SETTINGS, "POSTGRES_PASSWORD": "ignored-now"}, volumes=volume)
    until(second, READY)
    assert sh(second, f"PGPASSWORD=quite-secret-words {query} 'SELECT n FROM kept'") == "42"


def test_postgres_has_the_extensions_that_stack_files_name(host: Host) -> None:
    server = host.run(POSTGRES, ["-c", "shared_preload_libraries=pgaudit,pg_stat_statements"], environment=SETTINGS)
    until(server, READY)
    for extension in ("vector", "uuid-ossp", "pg_trgm", "pg_stat_statements", "pgaudit"):
        statement = f'CREATE EXTENSION "{extension}"'
        sh(server, f"PGPASSWORD=quite-secret-words psql -h 127.0.0.1 -U boss -d shop -qc '{statement}'")
    assert "pgBackRest" in sh(server, "pgbackrest version")


def test_postgres_reads_its_password_from_a_file_and_refuses_to_start_without_one(host: Host) -> None:
    script = "umask 077; printf quite-secret-words >/tmp/pw; chown 999 /tmp/pw; exec docker-entrypoint.sh postgres"
    settings = {"POSTGRES_USER": "boss", "POSTGRES_PASSWORD_FILE": "/tmp/pw"}  # noqa: S108  inside the container
    server = host.run(POSTGRES, ["sh", "-c", script], environment=settings)
    until(server, READY)
    assert sh(server, "PGPASSWORD=quite-secret-words psql -h 127.0.0.1 -U boss -Atc 'SELECT 1'") == "1"
    without = host.run(POSTGRES)
    assert without.wait(timeout=30)["StatusCode"] != 0
    assert "needs a password" in without.logs().decode()


def test_a_first_start_that_was_cut_short_is_made_again(host: Host) -> None:
    volume = {f"{host.prefix}-data": {"bind": "/var/lib/postgresql/data", "mode": "rw"}}
    cut = "mkdir $PGDATA/.initializing; touch $PGDATA/.initializing/x"
    broken = host.run(POSTGRES, ["sh", "-c", cut], volumes=volume, user="postgres")
    broken.wait(timeout=30)
    server = host.run(POSTGRES, environment=SETTINGS, volumes=volume)
    until(server, READY)


def test_a_volume_with_something_else_in_it_is_not_touched(host: Host) -> None:
    volume = {f"{host.prefix}-data": {"bind": "/var/lib/postgresql/data", "mode": "rw"}}
    host.run(POSTGRES, ["sh", "-c", "echo mine >$PGDATA/notes"], volumes=volume).wait(timeout=30)
    server = host.run(POSTGRES, environment=SETTINGS, volumes=volume)
    assert server.wait(timeout=30)["StatusCode"] != 0
    assert "is not empty and holds no cluster" in server.logs().decode()


def test_redis_serves_as_999_and_keeps_its_data_over_a_restart(host: Host) -> None:
    volume = {f"{host.prefix}-data": {"bind": "/data", "mode": "rw"}}
    server = host.run(REDIS, ["--appendonly", "yes"], volumes=volume)
    until(server, "redis-cli ping")
    assert sh(server, "redis-cli set key value") == "OK"
    assert sh(server, "stat -c %u /proc/1") == "999"
    server.restart(timeout=10)
    until(server, "redis-cli ping | grep -q PONG")
    assert sh(server, "redis-cli get key") == "value"


def test_the_probe_serves_reports_stores_that_are_down_and_shows_no_password(host: Host) -> None:
    environment = {
        "APP_NAME": "shop",
        "DATABASE_URL": "postgresql://shop_a:quite-secret-words@127.0.0.1:1/shop",
        "REDIS_URL": "redis://shop:quite-secret-words@127.0.0.1:1/0",
        "API_URI": "http://localhost:4000/",
    }
    probe = host.run(PROBE, environment=environment)
    until(probe, "probe --health 8000")
    ask = (
        "import urllib.request, urllib.error\n"
        "try: urllib.request.urlopen('http://127.0.0.1:8000/')\n"
        "except urllib.error.HTTPError as e: print(e.code, e.read().decode())"
    )
    said = sh(probe, f'python3 -c "{ask}"')
    assert said.startswith("503")
    assert '"ok": false' in said
    assert '"API_URI": "http://localhost:4000/"' in said
    assert "quite-secret-words" not in said + probe.logs().decode()
    assert sh(probe, "id -u") == "1000"
