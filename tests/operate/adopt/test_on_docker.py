"""Containers that run, adopted on real Docker: the written file is one that `preview` takes."""

from __future__ import annotations

import json
import os
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
import pytest
from docker.errors import DockerException
from docker.models.containers import Container

from tests.integration import stackfile
from tests.integration.daemon import Host, ran
from tests.integration.project import STACK, Project

pytestmark = pytest.mark.integration
NAME = f"adopt{os.getpid()}"
PASSWORD = "kept-where-it-was"


@dataclass(frozen=True)
class Old:
    """A system made by hand: PostgreSQL, Redis, an API that uses both, and a page that calls the API."""

    port: int

    @property
    def containers(self) -> list[str]:
        return [f"{NAME}-{name}-1" for name in ("pg", "cache", "api", "page")]


@pytest.fixture(scope="module")
def client() -> Iterator[docker.DockerClient]:
    try:
        client = docker.from_env()
        client.ping()
    except DockerException as error:
        pytest.fail(f"no Docker daemon answers ({type(error).__name__}): these tests need a real one", pytrace=False)
    yield client
    client.close()


@pytest.fixture(scope="module")
def old(client: docker.DockerClient) -> Iterator[Old]:
    port = stackfile.free_port(4810, 4890)
    network = client.networks.create(f"{NAME}_default")
    volume = client.volumes.create(f"{NAME}_data")
    url = f"postgresql://shop:{PASSWORD}@db:5432/shop_db"
    made = []

    def run(service: str, image: str, memory: str, *, aliases: tuple[str, ...] = (), **options: Any) -> None:
        labels = {"com.docker.compose.project": NAME, "com.docker.compose.service": service}
        container = client.containers.create(
            image, name=f"{NAME}-{service}-1", labels=labels | options.pop("labels", {}), mem_limit=memory, **options
        )
        made.append(container)
        network.connect(container, aliases=[service, *aliases])
        client.api.disconnect_container_from_network(container.id, "bridge")
        container.start()

    try:
        mounts = {volume.name: {"bind": "/var/lib/postgresql/data", "mode": "rw"}}
        env = {"POSTGRES_USER": "shop", "POSTGRES_PASSWORD": PASSWORD, "POSTGRES_DB": "shop_db"}
        run("pg", "data-tier/postgres:17", "256m", aliases=("db",), environment=env, volumes=mounts)
        run("cache", "data-tier/redis:8", "64m")
        env = {"DATABASE_URL": url, "REDIS_URL": "redis://cache:6379/2", "APP_NAME": "api", "MODE": "live"}
        run(
            "api", "data-tier/probe:1", "64m", environment=env, ports={"8000/tcp": ("127.0.0.1", port)}, privileged=True
        )
        env = {"API_URL": "http://api:8000/", "APP_NAME": "page"}
        run("page", "data-tier/probe:1", "64m", environment=env)
        yield Old(port)
    finally:
        for container in made:
            container.remove(force=True, v=True)
        network.remove()
        volume.remove(force=True)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = Project(tmp_path_factory.mktemp("adopted"), {"data-tier:prefix": "unused"})
    project.pulumi("stack", "init")
    return project


def take(project: Project, target: Path) -> None:
    """The written file as the stack's, below the salt that the stack has already."""
    salt = project.edit()["encryptionsalt"]
    project.file.write_text(f"encryptionsalt: {salt}\n{target.read_text()}")


def adopt(project: Project, *arguments: str, target: Path) -> dict[str, Any]:
    done = project.operate("adopt", "--running", *arguments, "--out", str(target), "--json")
    found: dict[str, Any] = json.loads(done.out)
    return found


@pytest.mark.parametrize("topology", ["unified", "isolated"])
def test_what_runs_becomes_a_stack_file_that_preview_takes(old, project, client, tmp_path, topology):
    target = tmp_path / "Pulumi.new.yaml"
    told = adopt(project, *old.containers, "--topology", topology, target=target)
    assert told["to_fill_in"] == []
    config = told["config"]
    assert config["data-tier:prefix"] == f"{NAME}-new", "the old containers have the names still"
    assert config["data-tier:images"] == {"source": "debian", "postgres": 17, "redis": 8}
    api, page = config["data-tier:apps"]["api"], config["data-tier:apps"]["page"]
    assert (api["postgres"]["database"], api["redis"]) == ("shop_db", ["db2"])
    assert api["service"]["port"] == f"{old.port}:8000"
    assert api["service"]["env"] == {"APP_NAME": "api", "MODE": "live"}
    assert "postgres" not in page
    assert config["data-tier:postgres"]["resources"]["memory"] == "256Mi"
    left = {(one["service"], one["key"]) for one in told["not_taken_over"]}
    assert ("api", "privileged") in left
    assert config["data-tier:postgres"]["admin"] == "shop", (
        "the superuser that was there, as no role of shop_db has its name"
    )
    volume = next(one for one in told["volumes"] if one["name"] == f"{NAME}_data")
    assert volume["path"] == "/var/lib/postgresql/data"
    assert volume["container"] == old.containers[0]
    assert volume["bytes"] > 1_000_000, "the daemon measures it"
    assert PASSWORD not in target.read_text() + json.dumps(told)

    take(project, target)
    steps = json.loads(project.pulumi("preview", "--json").out)["steps"]
    made = {step["urn"].rsplit("::", 1)[-1] for step in steps if step["op"] == "create"}
    servers = {"unified": "postgres-server", "isolated": "isolated-api-postgres"}[topology]
    assert any(name.startswith(servers) for name in made), sorted(made)
    assert [container for container in old.containers if client.containers.get(container).status != "running"] == []


def test_all_that_runs_is_found_but_what_a_stack_has_made(old, project, client, tmp_path):
    container = client.containers.create(
        "data-tier/redis:8", name=f"{NAME}-of-a-stack", labels={"data-tier.stack": NAME}
    )
    try:
        container.start()
        told = adopt(project, "all", target=tmp_path / "Pulumi.all.yaml")
        found = {one["container"] for one in told["volumes"]}
        assert {old.containers[0], old.containers[1]} <= found
        assert container.name not in found
        done = project.operate("adopt", "--running", str(container.name), "--out", "-", ok=False)
        assert done.code == 1
        assert f"is of the stack {NAME} already" in done.err
    finally:
        container.remove(force=True, v=True)


def test_a_container_that_isnt_there_is_named(project):
    done = project.operate("adopt", "--running", "nobody-of-this-name", "--out", "-", ok=False)
    assert (done.code, done.err) == (
        1,
        "error: there is no container nobody-of-this-name on this host: `docker ps -a` lists them\n",
    )


def test_the_written_stack_comes_up_beside_the_old_one_and_its_dump_goes_in(old, project, client, tmp_path):
    target = tmp_path / "Pulumi.up.yaml"
    config = adopt(project, *old.containers, target=target)["config"]
    host = Host(client, config["data-tier:prefix"])
    pg, api = (client.containers.get(old.containers[at]) for at in (0, 2))
    table = "CREATE TABLE orders (id serial PRIMARY KEY, total int); INSERT INTO orders (total) VALUES (7), (35)"
    wait_for(lambda: inside(pg, "psql", "-d", "shop_db", "-c", "select 1")[0] == 0)
    assert inside(pg, "psql", "-d", "shop_db", "-c", table)[0] == 0
    dump = inside(pg, "pg_dump", "--no-owner", "--no-privileges", "shop_db")[1]
    api.stop(timeout=1)  # it has the host port
    take(project, target)
    try:
        project.pulumi("up", "--yes")
        told: dict[str, Any] = {}

        def answers() -> bool:
            with suppress(OSError):
                told.update(json.load(urllib.request.urlopen(f"http://127.0.0.1:{old.port}/", timeout=5)))
            return bool(told)

        wait_for(answers)
        assert (told["database"]["ok"], told["database"]["database"]) == (True, "shop_db")
        assert (told["redis"]["ok"], told["redis"]["db"]) == (True, 2)
        run = [".venv/bin/python", "-m", "operate", "psql", "api", "--stack", STACK, "--admin"]
        restored = subprocess.run(
            [*run, "--", "-v", "ON_ERROR_STOP=1", "-q"],
            cwd=project.root,
            env=project.env,
            input=f"SET ROLE shop_db_owner;\n{dump}",
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert restored.returncode == 0, restored.stderr
        seen = project.plain(
            "-m", "operate", "psql", "api", "--stack", STACK, "--", "-tAc", "select sum(total) from orders"
        )
        assert seen.out.strip() == "42", "the app's own login reads what was moved"
        assert project.steps() == {}, "a second preview is empty"
    finally:
        host.remove_everything()
        api.start()


def inside(pg: Container, program: str, *arguments: str) -> tuple[int, str]:
    """A program in the old server, by TCP as its clients come."""
    login = {"PGPASSWORD": PASSWORD, "PGHOST": "127.0.0.1", "PGUSER": "shop"}
    return ran(pg, [program, *arguments], environment=login)


def wait_for(it_is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not it_is_so():
        assert time.monotonic() < deadline, "not so after two minutes"
        time.sleep(0.5)
