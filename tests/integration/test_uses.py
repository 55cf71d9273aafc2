"""A further database for a service, beside its own in another place, and URLs for asyncpg, on real Docker."""

from __future__ import annotations

import asyncio
import json
import os
import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

import docker
import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from tests.integration import stackfile
from tests.integration.daemon import ran
from tests.integration.life import Life, lived
from tests.integration.project import Project

pytestmark = pytest.mark.integration
PREFIX = f"uses-{os.getpid()}"
LEGACY = "legacy_database_url"
WRITE_BOTH = """
import psycopg
def insert(file, value):
    with psycopg.connect(open(f"/run/secrets/{file}").read().strip(), connect_timeout=5) as connection:
        connection.execute("INSERT INTO worked (what) VALUES (%s)", (value,))
        return set(connection.execute("SELECT current_database(), what FROM worked").fetchall())
one, other = insert("database_url", "both"), insert("legacy_database_url", "both")
print(sorted(one), sorted(other))
"""
LOAD = """
import psycopg, sys, time
done = failed = 0
users, end = set(), time.monotonic() + float(sys.argv[1])
while time.monotonic() < end:
    for last in (False, True):
        try:
            url = open("/run/secrets/legacy_database_url").read().strip()
            with psycopg.connect(url, connect_timeout=5) as connection:
                connection.execute("INSERT INTO worked (what) VALUES ('load')")
                users.add(connection.execute("SELECT session_user").fetchone()[0])
            done += 1
            break
        except psycopg.OperationalError:
            failed += last
    time.sleep(0.05)
print(done, failed, *sorted(users))
"""


def settings(client: docker.DockerClient) -> dict[str, Any]:
    data, backend = (str(subnet) for subnet in stackfile.free_subnets(client, 2))
    pool = str(stackfile.free_pool(client))
    service = {"tier": "backend", "memory": "64Mi"}
    return {
        "data-tier:prefix": PREFIX,
        "data-tier:images": dict(stackfile.IMAGES),
        "data-tier:rotation": {"drain": "3s"},
        "data-tier:network": {
            "data": {"internal": True, "subnet": data, "apps": pool},
            "backend": {"internal": True, "subnet": backend},
        },
        "data-tier:postgres": {
            "image": "postgres:17",
            "resources": {"memory": "256Mi", "cpu": 1, "cpu_weight": 512},
            "connections": 100,
            "volume": f"{PREFIX}-precious",
        },
        "data-tier:redis": {"image": "redis:8", "memory": "64Mi", "databases": {"cache": 0}},
        "data-tier:apps": {
            "poc": {"postgres": {"database": "poc"}, "service": dict(service)},
            "api": {"postgres": {"database": "api", "driver": "asyncpg"}},
            "platform": {
                "dedicated": True,
                "postgres": {"database": "platform"},
                "uses": {"LEGACY_DATABASE_URL": "poc"},
                "service": dict(service),
            },
        },
    }


@pytest.fixture(scope="module")
def life(daemon: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    with lived(daemon, Project(tmp_path_factory.mktemp("uses"), settings(daemon)), Life) as made:
        for app, server in (("poc", "postgres"), ("platform", "postgres-platform")):
            with psycopg.connect(made.url(app, "migrate_url", server), autocommit=True) as connection:
                connection.execute("CREATE TABLE worked (what text)")
        yield made


def run(life: Life, app: str, code: str, *arguments: str) -> str:
    result, said = ran(life.host.containers()[f"{PREFIX}-{app}"], ["python3", "-c", code, *arguments])
    assert result == 0, said
    return said


def test_one_service_writes_both_databases_over_verified_connections(life: Life) -> None:
    assert run(life, "platform", WRITE_BOTH) == "[('platform', 'both')] [('poc', 'both')]"
    told = json.loads(life.project.operate("env", "platform", "--json").out)
    assert told["LEGACY_DATABASE_URL"] == json.loads(life.project.operate("env", "poc", "--json").out)["DATABASE_URL"]


def test_its_own_network_stays_its_own(life: Life) -> None:
    networks = life.host.containers()[f"{PREFIX}-platform"].attrs["NetworkSettings"]["Networks"]
    assert {f"{PREFIX}-platform-data", f"{PREFIX}-data-tier"} <= set(networks)
    networks = life.host.containers()[f"{PREFIX}-poc"].attrs["NetworkSettings"]["Networks"]
    assert f"{PREFIX}-platform-data" not in networks


def test_nothing_drifts_and_the_design_holds(life: Life) -> None:
    assert life.project.steps() == {}
    life.project.pulumi("refresh", "--yes")
    assert life.project.steps() == {}
    assert json.loads(life.project.operate("reach", "--json").out)["surprises"] == 0


def test_a_rotation_of_the_other_app_loses_no_transaction_of_the_service(life: Life) -> None:
    before = life.host.ids()
    with ThreadPoolExecutor() as pool:
        loaded = pool.submit(run, life, "platform", LOAD, "40")
        life.project.operate("rotate", "poc")
        done, failed, *users = loaded.result().split()
    assert (int(done) > 50, failed, users) == (True, "0", ["poc_a", "poc_b"])
    assert life.host.ids() == before


def test_sqlalchemy_with_asyncpg_verifies_the_server_by_the_url_alone(life: Life) -> None:
    life.__dict__.pop("told", None)
    url = life.told["secrets"]["urls"]["api"]["database_url"]
    assert url == json.loads(life.project.operate("env", "api", "--json").out)["DATABASE_URL"]
    ca, address = life.project.root / "ca.crt", life.servers()["postgres"][0]
    ca.write_text(life.told["ca"])
    here = url.replace(quote("/run/secrets/ca.crt", safe=""), quote(str(ca), safe=""))
    login, _, rest = here.rpartition("@")

    async def ask(where: str) -> Any:
        engine = create_async_engine(f"{login}@{where}:{rest.partition(':')[2]}")
        async with engine.connect() as connection:
            found = await connection.execute(
                text("SELECT session_user, ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
            )
            row = tuple(found.one())
        await engine.dispose()
        return row

    assert asyncio.run(ask(address)) == ("api_a", True)
    ca.write_text(_another_authority())
    with pytest.raises(ssl.SSLCertVerificationError):
        asyncio.run(ask(address))


def _another_authority() -> str:
    from datetime import UTC, datetime

    from components.tls import certificates

    return certificates.authority("another seed", "other", datetime.now(UTC))


def test_a_weight_and_a_volume_reach_docker_and_another_volume_is_refused(life: Life) -> None:
    server = life.host.containers()[f"{PREFIX}-postgres-unified"]
    assert server.attrs["HostConfig"]["CpuShares"] == 512
    assert f"{PREFIX}-precious" in [mount.get("Name") for mount in server.attrs["Mounts"]]
    postgres = life.project.edit()["config"]["data-tier:postgres"]
    life.change(postgres={**postgres, "volume": f"{PREFIX}-other"})
    life.refused(["up", "--yes"], wanted=("data-tier:postgres.volume", f"the data is in {PREFIX}-precious"))
    life.change(postgres={**postgres, "resources": {**postgres["resources"], "cpu_weight": 256}})
    before = life.host.ids()
    life.up()
    assert life.host.ids() == before, "a weight changes in place"
    life.change(postgres=postgres)
    life.up()


def test_an_extension_that_a_servers_image_has_not_is_found_before_the_apps_first_role(life: Life) -> None:
    apps = life.apps
    apps["late"] = {"postgres": {"database": "late", "connections": 3, "extensions": ["hstore", "nonesuch"]}}
    life.change(apps=apps)
    life.refused(["up", "--yes"], wanted=("data-tier:apps.late.postgres.extensions[1]", "hasn't got it"))
    life.change(images={**stackfile.IMAGES, "source": "registry"})
    done = life.project.pulumi("up", "--yes", "--skip-preview", ok=False)
    assert done.code != 0
    assert "it doesn't offer the extension nonesuch" in done.text
    with psycopg.connect(life.url("poc", "migrate_url", "postgres")) as connection:
        assert connection.execute("SELECT 1 FROM pg_roles WHERE rolname ~ '^late'").fetchall() == []
    apps["late"]["postgres"]["extensions"] = ["hstore"]
    life.change(apps=apps)
    life.up()
    late = life.url("late", "migrate_url", "postgres")
    with psycopg.connect(late) as connection:
        assert connection.execute("SELECT 1 FROM pg_extension WHERE extname = 'hstore'").fetchall() == [(1,)]
