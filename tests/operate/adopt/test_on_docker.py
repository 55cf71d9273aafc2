"""Containers that run, adopted on real Docker: the written file is one that `preview` takes."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
import pytest
from docker.errors import DockerException

from tests.integration import stackfile
from tests.integration.project import Project

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
        run("pg", "data-tier/postgres:17", "128m", aliases=("db",), environment=env, volumes=mounts)
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
    return Project(tmp_path_factory.mktemp("adopted"), {"data-tier:prefix": "unused"})


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
    assert config["data-tier:postgres"]["resources"]["memory"] == "128Mi"
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

    project.file.write_text(target.read_text())
    if not (project.state / ".pulumi" / "stacks").exists():
        project.pulumi("stack", "init")
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
