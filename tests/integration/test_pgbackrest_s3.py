"""Backups to a service that speaks S3, on real Docker: the only way out of the backup container, and wrong keys."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import docker
import pytest

from tests.integration import pgbackrest_stack as pgbackrest
from tests.integration import s3
from tests.integration.life import Life, lived
from tests.integration.project import Project
from tests.integration.s3 import Bucket

pytestmark = pytest.mark.integration
PREFIX = f"pgs3-{os.getpid()}"
SERVER = f"{PREFIX}-postgres-unified"
BACKUP = f"{SERVER}-backup"


@pytest.fixture(scope="module")
def bucket(daemon: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bucket]:
    with s3.served(daemon, tmp_path_factory.mktemp("s3")) as found:
        yield found


def repository(bucket: Bucket, name: str = s3.BUCKET) -> dict[str, Any]:
    where = {"endpoint": s3.NAME, "hostaddr": bucket.address, "port": bucket.port, "bucket": name, "ca": "s3.crt"}
    return {"s3": {**where, "access_key": {"env": "S3_KEY"}, "secret_key": {"env": "S3_SECRET"}}}


@pytest.fixture(scope="module")
def life(daemon: docker.DockerClient, bucket: Bucket, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    root = tmp_path_factory.mktemp("pgs3")
    (root / "s3.crt").write_text(bucket.authority)
    project = Project(root, pgbackrest.settings(daemon, PREFIX, repository=repository(bucket)))
    keys(project, bucket)
    with lived(daemon, project, Life) as found:
        pgbackrest.wait_for_first(found.host, BACKUP)
        yield found


def keys(project: Project, bucket: Bucket) -> None:
    project.env.update(S3_KEY=bucket.key, S3_SECRET=bucket.secret)


def test_what_is_backed_up_lies_there_encrypted_and_restores(life: Life, bucket: Bucket) -> None:
    pgbackrest.sql(life.host, SERVER, "CREATE TABLE orders (n int); INSERT INTO orders SELECT generate_series(1, 100)")

    done = json.loads(life.project.operate("backup", "--physical", "full", "--test", "--json").out)["physical"]

    assert [one["kind"] for one in done] == ["full", "restore_test"]
    assert any(name.endswith("/archive/main/archive.info") for name in bucket.names())
    assert pgbackrest.inside(life.host, BACKUP, "ls", "/var/lib/data-tier/repository")[0] != 0
    assert life.project.steps() == {}


def test_only_the_backup_container_gets_there_and_the_keys_are_in_no_sight(life: Life, bucket: Bucket) -> None:
    containers = life.host.client.containers
    assert "s3.outside.test" not in pgbackrest.inside(life.host, SERVER, "getent", "hosts", s3.NAME)[1]
    for network in containers.get(BACKUP).attrs["NetworkSettings"]["Networks"]:
        assert life.host.client.networks.get(network).attrs["Internal"], network
    for name in (SERVER, BACKUP):
        one = containers.get(name)
        assert bucket.secret not in json.dumps(one.attrs)
        assert bucket.secret not in one.logs().decode()
    assert bucket.secret not in "".join([*life.project.said, *life.project.seen])


def test_a_whole_server_comes_back_from_there(life: Life) -> None:
    pgbackrest.sql(life.host, SERVER, "TRUNCATE orders; INSERT INTO orders VALUES (7)")

    life.project.operate("restore-server", SERVER, "--latest", "--yes")

    assert pgbackrest.sql(life.host, SERVER, "SELECT sum(n) FROM orders") == "7"


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("key", "refuses the access key or its secret"),
        ("secret", "refuses the access key or its secret"),
        ("bucket", "has no such bucket"),
    ],
)
def test_what_is_wrong_with_the_service_is_one_clear_error(life: Life, bucket: Bucket, wrong: str, told: str) -> None:
    keys(life.project, bucket if wrong == "bucket" else replace(bucket, **{wrong: "another"}))
    file = life.project.edit()
    name = "none-such" if wrong == "bucket" else s3.BUCKET
    file["config"]["data-tier:postgres"]["backup"]["repository"] = repository(bucket, name)
    life.project.write(file)
    life.up()
    time.sleep(5)

    done = life.project.operate("backup", "--physical", "incremental", ok=False)

    assert done.code == 1
    assert told in done.text
    assert "Traceback" not in done.text
