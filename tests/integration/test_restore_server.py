"""A whole server put back to a moment, and forth again, on real Docker: one stack, each test from the one before."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from typing import Any

import docker
import psycopg
import pytest

from tests.integration import pgbackrest_stack as pgbackrest
from tests.integration.life import Life, lived
from tests.integration.project import Project

pytestmark = pytest.mark.integration
PREFIX = f"whole-{os.getpid()}"
SERVER = f"{PREFIX}-postgres-unified"
BACKUP = f"{SERVER}-backup"
FOLDERS = "ls -d /var/lib/postgresql/data/pgdata*"


@pytest.fixture(scope="module")
def life(daemon: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    project = Project(tmp_path_factory.mktemp("whole"), pgbackrest.settings(daemon, PREFIX))
    with lived(daemon, project, Life) as found:
        pgbackrest.wait_for_first(found.host, BACKUP)
        yield found


@pytest.fixture(scope="module")
def moment(life: Life) -> str:
    """A time at which shop has 100 orders and wiki one page; later that changes, and shop's password does."""
    sql(life, "SET ROLE shop_owner; CREATE TABLE orders (n int); INSERT INTO orders SELECT generate_series(1, 100)")
    sql(life, "CREATE TABLE pages (n int); INSERT INTO pages VALUES (1)", "wiki")
    then = sql(life, "SELECT clock_timestamp()")
    time.sleep(1)
    sql(life, "DELETE FROM orders WHERE n > 40; INSERT INTO orders VALUES (1000)")
    sql(life, "INSERT INTO pages VALUES (2)", "wiki")
    return then


def sql(life: Life, query: str, database: str = "shop") -> str:
    return pgbackrest.sql(life.host, SERVER, query, database)


def told(life: Life, *arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(life.project.operate(*arguments, "--json").out)
    return found


def as_shop(life: Life) -> int:
    """What the app sees with the URL that it has."""
    with psycopg.connect(life.url("shop", "database_url", "postgres")) as session:
        (count,) = session.execute("SELECT count(*) FROM orders").fetchone() or (0,)
    return int(count)


def folders(life: Life) -> list[str]:
    return pgbackrest.inside(life.host, SERVER, "sh", "-c", FOLDERS)[1].split()


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--to", "2099-01-01 00:00:00+00"], "is in the future: the archive has"),
        (["--to", "2020-01-01 00:00:00+00"], "is before the first backup: the archive has"),
        ([], "say one of --to TIME"),
        (["--latest", "--back"], "say one of --to TIME"),
        (["--back"], "there is no cluster of before a restore"),
        (["--finish"], "there is no cluster of before a restore"),
    ],
)
def test_what_can_not_be_restored_is_one_clear_error_and_the_server_goes_on(
    life: Life, arguments: list[str], reason: str
) -> None:
    done = life.project.operate("restore-server", SERVER, *arguments, "--yes", ok=False)

    assert done.code == 1
    assert reason in done.text
    assert "Traceback" not in done.text
    assert sql(life, "SELECT 1") == "1"


def test_the_server_comes_back_to_the_row_and_its_logins_stay_as_they_are(life: Life, moment: str) -> None:
    before = life.host.ids()

    done = told(life, "restore-server", SERVER, "--to", moment, "--yes")

    assert sql(life, "SELECT count(*), max(n) FROM orders") == "100|100"
    assert sql(life, "SELECT count(*) FROM pages", "wiki") == "1"
    assert done["databases"]["shop"] == {"tables": 1, "rows": 100}
    assert (done["timeline"], done["missing"]) == ("2", [])
    assert life.host.ids() == before
    assert life.project.steps() == {}
    assert sql(life, "SHOW restore_command") == ""
    assert as_shop(life) == 100


def test_backups_restore_tests_and_points_in_time_go_on_along_the_new_timeline(life: Life, moment: str) -> None:
    sql(life, "INSERT INTO orders VALUES (2000)")
    then = sql(life, "SELECT clock_timestamp()")
    time.sleep(1)
    sql(life, "TRUNCATE orders")

    told(life, "restore", "shop", "--to", then, "--as", "shop_then")
    assert sql(life, "SELECT count(*), max(n) FROM orders", "shop_then") == "101|2000"
    sql(life, "DROP DATABASE shop_then WITH (FORCE)", "postgres")
    done = told(life, "backup", "--physical", "incremental", "--test")["physical"]
    assert [one["kind"] for one in done] == ["incremental", "restore_test"]


def test_a_second_restore_waits_for_what_becomes_of_the_first(life: Life, moment: str) -> None:
    done = life.project.operate("restore-server", SERVER, "--latest", "--yes", ok=False)

    assert done.code == 1
    assert "--back puts it in its place again, --finish deletes it" in done.text


def test_the_former_cluster_comes_back_with_all_it_had_and_is_backed_up(life: Life, moment: str) -> None:
    told(life, "restore-server", SERVER, "--back", "--yes")

    assert sql(life, "SELECT count(*), max(n) FROM orders") == "41|1000"
    assert sql(life, "SELECT count(*) FROM pages", "wiki") == "2"
    told(life, "restore-server", SERVER, "--finish", "--yes")
    assert folders(life) == ["/var/lib/postgresql/data/pgdata"]
    told(life, "backup", "--physical", "differential", "--test")


def test_a_cut_short_restore_is_begun_again(life: Life, moment: str) -> None:
    half = "cd /var/lib/postgresql/data && mkdir -p pgdata.restoring/base && touch pgdata.restoring/half"
    assert pgbackrest.inside(life.host, SERVER, "sh", "-c", half)[0] == 0
    life.host.client.containers.get(SERVER).stop()

    done = life.project.operate("restore-server", SERVER, "--latest", "--yes", ok=False)
    assert "doesn't answer" in done.text
    life.project.operate("start", "all")
    told(life, "restore-server", SERVER, "--latest", "--yes")

    assert sql(life, "SELECT count(*), max(n) FROM orders") == "41|1000"
    assert len(folders(life)) == 2
    assert life.project.steps() == {}


def test_a_server_whose_data_is_gone_comes_back_from_the_archive(life: Life, moment: str) -> None:
    told(life, "restore-server", SERVER, "--finish", "--yes")
    sql(life, "INSERT INTO orders VALUES (3000); SELECT pg_switch_wal()")
    end = time.monotonic() + 60
    while (
        sql(life, "SELECT last_archived_wal >= pg_walfile_name(pg_current_wal_lsn() - 1) FROM pg_stat_archiver") != "t"
    ):
        assert time.monotonic() < end
        time.sleep(1)
    assert pgbackrest.inside(life.host, SERVER, "sh", "-c", "rm -rf /var/lib/postgresql/data/pgdata/global")[0] == 0
    life.host.client.containers.get(SERVER).kill()

    told(life, "restore-server", SERVER, "--latest", "--lossy", "--yes")

    assert sql(life, "SELECT count(*), max(n) FROM orders") == "42|3000"
    assert as_shop(life) == 42
    assert life.project.steps() == {}
    told(life, "restore-server", SERVER, "--finish", "--yes")
    told(life, "backup", "--physical", "full", "--test")
