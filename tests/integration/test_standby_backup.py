"""Backups of a server with a standby on real Docker: they follow the primary, and so do commands that look inside it.

One stack of its own; the tests go through its life in order, each from where the one before has left it.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from typing import Any

import docker
import pytest

from tests.integration.life import lived
from tests.integration.pgbackrest_stack import wait_for_first
from tests.integration.project import Project
from tests.integration.standby_stacks import Replicated, one_server

pytestmark = pytest.mark.integration
PREFIX = f"followed-{os.getpid()}"
BACKUP = f"{PREFIX}-postgres-unified-backup"


@pytest.fixture(scope="module")
def life(daemon: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replicated]:
    """A server with a standby and backups, up, with its first backup."""
    backup = {"archive_timeout": "20s", "restore_test": None, "memory": "256Mi"}
    settings = one_server(daemon, PREFIX, standbys=1, backup=backup)
    project = Project(tmp_path_factory.mktemp("followed"), settings)
    with lived(daemon, project, Replicated) as found:
        assert found.streams()
        found.prepared()
        wait_for_first(found.host, BACKUP)
        yield found


def told(life: Replicated, *arguments: str) -> Any:
    return json.loads(life.project.operate(*arguments, "--json").out)


def archives(life: Replicated, primary: int) -> None:
    """That member's own log, of now, comes to the archive."""
    segment = life.admin(primary, "SELECT pg_walfile_name(pg_switch_wal())")[0]
    asked = f"SELECT coalesce(last_archived_wal, '') >= '{segment}' FROM pg_stat_archiver"
    there = life.until(lambda: life.admin(primary, asked) == ["t"], 180)
    said = life.container(primary).logs(tail=60).decode()
    assert there, (segment, life.admin(primary, "SELECT * FROM pg_stat_archiver"), said)


def test_a_backup_made_while_rows_change_is_restored_and_equal(life: Replicated) -> None:
    with life.writing():
        backup, tried = told(life, "backup", "--physical", "differential", "--test")["physical"]
    assert tried["label"] == backup["label"]
    assert tried["rows"] > 0


def test_after_a_switchover_the_other_one_archives_and_is_backed_up(life: Replicated) -> None:
    life.switch("switchover")
    archives(life, 2)
    tried = told(life, "backup", "--test")["physical"][-1]
    assert tried["rows"] > 0, "the backup of before is whole"
    with life.writing() as ledger:
        backup, tried = told(life, "backup", "--physical", "incremental", "--test")["physical"]
    assert tried["label"] == backup["label"]
    assert not ledger.committed - set(life.found())


def test_an_app_comes_back_to_a_moment_on_the_new_primary(life: Replicated) -> None:
    with life.connect("migrate_url") as migrate:
        migrate.execute("CREATE TABLE orders AS SELECT generate_series(1, 100) AS n")
    moment = life.admin(2, "SELECT replace(clock_timestamp()::text, ' ', 'T')")[0]
    time.sleep(1)
    with life.connect("migrate_url") as migrate:
        migrate.execute("DELETE FROM orders WHERE n > 40")
    told(life, "restore", "shop", "--to", moment, "--as", "shop_then")
    asked = (
        "psql",
        "shop",
        "--admin",
        "--stack",
        "dev",
        "--",
        "-d",
        "shop_then",
        "-Atc",
        "SELECT count(*) FROM orders",
    )
    assert life.project.plain("-m", "operate", *asked).out.strip() == "100"
    assert told(life, "backup", "shop")
    assert not life.in_recovery(2)


def test_after_a_promotion_archive_backup_and_restore_test_go_on(life: Replicated) -> None:
    life.container(2).kill()
    assert life.switch("promote")["back"], "the one that was killed follows"
    archives(life, 1)
    for kind in ("incremental", "full"):
        backup, tried = told(life, "backup", "--physical", kind, "--test")["physical"]
        assert tried["label"] == backup["label"]
    done = life.project.pulumi("preview", "--expect-no-changes", ok=False)
    assert done.code == 0, done.text
