"""The PostgreSQL image under a server's own flags and rules, and what images must not hold."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from typing import Any

import docker
import pytest
from docker.models.containers import Container

from operate import archive
from operate.archive import File
from tests.integration.daemon import ran

pytestmark = pytest.mark.integration
POSTGRES, REDIS, PROBE = "data-tier/postgres:17", "data-tier/redis:8", "data-tier/probe:1"
PASSWORD = "quite-secret-words"
HBA = "host shop boss 127.0.0.1/32 scram-sha-256\nhost all all all reject\nlocal all all reject\n"
FLAGS = ["-c", "hba_file=/rules/hba.conf", "-c", "shared_preload_libraries=pgaudit"]
Run = Callable[..., Container]


@pytest.fixture
def run() -> Iterator[Run]:
    """Starts a server without network, with the given files in it; all containers and their volumes go at the end."""
    client = docker.from_env()
    made: list[Container] = []

    def begin(files: dict[str, str], command: list[str], **more: Any) -> Container:
        name = f"dt-first-{secrets.token_hex(4)}"
        settings = {"POSTGRES_USER": "boss", "POSTGRES_DB": "shop", "POSTGRES_PASSWORD_FILE": "/rules/password"}
        container = client.containers.create(
            POSTGRES, command, name=name, environment=settings, network_mode="none", **more
        )
        made.append(container)
        container.put_archive("/", _archive({"rules/password": PASSWORD, "rules/hba.conf": HBA, **files}))
        container.start()
        return container

    yield begin
    for container in made:
        container.remove(force=True, v=True)


def _archive(files: dict[str, str]) -> bytes:
    """A tar of files that only uid 999 can read."""
    return archive.pack({path: File(data=text.encode(), mode=0o400, owner=999) for path, text in files.items()})


def ask(container: Container, sql: str, database: str = "shop", seconds: int = 40) -> tuple[int, str]:
    """Exit code and output of psql by TCP, once the server accepts connections at all."""
    end = time.monotonic() + seconds
    while container.exec_run("pg_isready -q -h 127.0.0.1")[0]:
        assert time.monotonic() < end, container.logs().decode()[-2000:]
        time.sleep(0.2)
    command = ["psql", "-h", "127.0.0.1", "-U", "boss", "-d", database, "-Atc", sql]
    return ran(container, command, environment={"PGPASSWORD": PASSWORD})


def test_the_first_start_works_under_rules_that_let_nobody_in_locally(run: Run):
    server = run({}, ["postgres", *FLAGS])
    assert ask(server, "SELECT current_user") == (0, "boss")
    code, said = ask(server, "SELECT 1", database="postgres")
    assert code != 0
    assert "pg_hba.conf rejects" in said


def test_init_scripts_run_once_with_the_servers_own_flags(run: Run):
    scripts = {
        "docker-entrypoint-initdb.d/1.sql": "CREATE EXTENSION pgaudit; CREATE TABLE t (n int);",
        "docker-entrypoint-initdb.d/2.sh": 'psql -U "$POSTGRES_USER" -d "$POSTGRES_DB" -c "INSERT INTO t VALUES (1)"',
    }
    server = run(scripts, ["postgres", *FLAGS])
    assert ask(server, "SELECT count(*) FROM t") == (0, "1")
    server.restart(timeout=20)
    assert ask(server, "SELECT count(*) FROM t") == (0, "1")


def test_a_script_that_fails_leaves_no_half_made_cluster_behind(run: Run):
    server = run({"docker-entrypoint-initdb.d/1.sql": "SELECT nonsense"}, ["postgres"])
    assert server.wait(timeout=60)["StatusCode"] != 0
    server.start()
    assert server.wait(timeout=60)["StatusCode"] != 0, "the second start must not take the first one for finished"


def test_it_starts_without_root_and_without_capabilities(run: Run):
    server = run({}, ["postgres", *FLAGS], user="999:999", cap_drop=["ALL"], security_opt=["no-new-privileges"])
    assert ask(server, "SHOW data_directory") == (0, "/var/lib/postgresql/data")


def test_databases_are_utf8_with_the_c_locale_of_libc(run: Run):
    server = run({}, ["postgres", *FLAGS])
    sql = "SELECT pg_encoding_to_char(encoding), datcollate, datctype FROM pg_database WHERE datname = 'shop'"
    assert ask(server, sql) == (0, "UTF8|C.UTF-8|C.UTF-8")


def test_the_password_is_not_in_the_servers_environment_arguments_or_log(run: Run):
    server = run({}, ["postgres", *FLAGS])
    ask(server, "SELECT 1")
    _, seen = ran(server, ["sh", "-c", "cat /proc/1/environ /proc/*/cmdline"], user="999")
    assert "POSTGRES_USER" in seen
    assert PASSWORD not in seen + server.logs().decode()


@pytest.mark.parametrize("image", [POSTGRES, REDIS, PROBE])
def test_an_image_holds_nothing_of_the_apt_of_the_machine_that_built_it(image: str):
    look = "grep -rhE '://|^Acquire' /etc/apt || :; find /var/lib/apt/lists -type f -size +0"
    said = docker.from_env().containers.run(
        image, ["-c", look], entrypoint="sh", remove=True, network_mode="none", user="root"
    )
    assert said.decode().split() == []
