"""Physical backups on real Docker: a server that is written to all the time, its backups, what is found in them.

One stack of its own; the tests go through its life in order, each from where the one before has left it.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import docker
import pytest

from tests.integration import pgbackrest_stack
from tests.integration.life import Life, lived
from tests.integration.pgbackrest_stack import inside, settings, wait_for_first
from tests.integration.project import Project

pytestmark = pytest.mark.integration
PREFIX = f"pgback-{os.getpid()}"
SERVER = f"{PREFIX}-postgres-unified"
BACKUP = f"{SERVER}-backup"
SPOILT = """
import glob, os
newest = max(glob.glob("/var/lib/data-tier/repository/backup/main/2*"), key=os.path.getmtime)
files = [f for f in glob.glob(newest + "/**", recursive=True) if os.path.isfile(f) and "manifest" not in f]
with open(max(files, key=os.path.getsize), "r+b") as file:
    file.seek(5000)
    file.write(b"spoilt" * 10)
"""


@pytest.fixture(scope="module")
def life(daemon: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    """Two apps on the shared server, one of which writes."""
    with lived(daemon, Project(tmp_path_factory.mktemp("pgbackrest"), settings(daemon, PREFIX)), Life) as found:
        sql(found, "CREATE TABLE ticks (n bigserial PRIMARY KEY, note text DEFAULT md5(random()::text))")
        sql(found, "CREATE UNLOGGED TABLE fleeting (n int)")
        wait_for_first(found.host, BACKUP)
        yield found


def sql(life: Life, query: str, database: str = "shop") -> str:
    return pgbackrest_stack.sql(life.host, SERVER, query, database)


@contextmanager
def writing(life: Life) -> Iterator[None]:
    """Short transactions of four sessions, all the time."""
    over = threading.Event()

    def write() -> None:
        while not over.is_set():
            sql(life, "DO $$ BEGIN FOR i IN 1..300 LOOP INSERT INTO ticks DEFAULT VALUES; COMMIT; END LOOP; END $$")

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


def told(life: Life, *arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(life.project.operate(*arguments, "--json").out)
    return found


@pytest.mark.parametrize("kind", ["full", "differential", "incremental"])
def test_a_backup_made_while_rows_change_restores_to_exactly_what_there_was(life: Life, kind: str) -> None:
    with writing(life):
        backup, test = told(life, "backup", "--physical", kind, "--test")["physical"]

    assert backup["type"] == {"full": "full", "differential": "diff", "incremental": "incr"}[kind]
    assert test["label"] == backup["label"]
    assert test["rows"] > 0
    newest = told(life, "backups")["physical"][0]["backups"][-1]
    assert newest["evidence"]["tests"][-1]["equal"]
    assert newest["evidence"]["left_out"] == [], "a database of an app was not looked at"


def test_the_role_reads_and_changes_nothing(life: Life) -> None:
    def as_role(query: str, database: str) -> tuple[int, str]:
        how = "setpriv --reuid=backup --regid=backup --clear-groups psql -U data_tier_backup -h /var/run/postgresql"
        return inside(life.host, BACKUP, "sh", "-c", f'{how} -d {database} -XAtqc "{query}"')

    assert as_role("SELECT count(*) > 0 FROM ticks", "shop") == (0, "t")
    for query in ("DELETE FROM ticks", "CREATE TABLE mine (a int)", "COPY ticks TO PROGRAM 'id'", "SET ROLE admin"):
        code, out = as_role(query, "shop")
        assert code != 0, f"{query} went through"
        assert "permission denied" in out, out
    step_down = ("setpriv", "--reuid=backup", "--regid=backup", "--clear-groups")
    code, out = inside(
        life.host, BACKUP, *step_down, "psql", "-U", "admin", "-h", "/var/run/postgresql", "-d", "postgres"
    )
    assert code != 0
    assert "Peer authentication failed" in out, out


def test_the_server_has_no_passphrase_and_no_log_has_it(life: Life) -> None:
    _, word = inside(life.host, BACKUP, "cat", "/run/secrets/backup_cipher")
    assert len(word) == 32
    assert inside(life.host, SERVER, "grep", "-rsl", word, "/run/secrets", "/etc", "/var/lib/postgresql")[1] == ""
    for name in (SERVER, BACKUP):
        container = life.host.client.containers.get(name)
        assert word not in container.logs().decode()
        assert word not in json.dumps(container.attrs)
    code, _ = inside(
        life.host, BACKUP, "grep", "-q", "backrest", "/var/lib/data-tier/repository/backup/main/backup.info"
    )
    assert code == 1, "the repository isn't encrypted"


def test_one_app_comes_back_to_the_row_and_the_others_go_on(life: Life) -> None:
    sql(life, "CREATE TABLE kept (n int)", "wiki")
    sql(life, "CREATE TABLE orders (n int); INSERT INTO orders SELECT generate_series(1, 100)")
    moment = sql(life, "SELECT clock_timestamp()")
    time.sleep(1)
    sql(life, "DELETE FROM orders WHERE n > 40; DROP TABLE ticks; INSERT INTO orders VALUES (1000)")

    done = told(life, "restore", "shop", "--to", moment, "--as", "shop_then")

    assert done["store"].endswith("/shop_then")
    assert sql(life, "SELECT count(*), max(n) FROM orders", "shop_then") == "100|100"
    assert int(sql(life, "SELECT count(*) FROM ticks", "shop_then")) > 0
    assert sql(life, "SELECT max(n) FROM orders") == "1000"
    sql(life, "DROP DATABASE shop_then WITH (FORCE)", "postgres")


@pytest.mark.parametrize(
    ("moment", "reason"),
    [
        ("2099-01-01 00:00:00+00", "is in the future: the archive has"),
        ("2020-01-01 00:00:00+00", "is before the first backup: the archive has"),
        ("2026-11-21 09:30:00", "say in which zone"),
        ("yesterday", "write a time like"),
    ],
)
def test_a_time_that_the_archive_has_not_is_one_clear_error(life: Life, moment: str, reason: str) -> None:
    before = sql(life, "SELECT string_agg(datname, ' ' ORDER BY 1) FROM pg_database", "postgres")

    done = life.project.operate("restore", "shop", "--to", moment, ok=False)

    assert done.code == 1
    assert reason in done.text
    assert "Traceback" not in done.text
    assert sql(life, "SELECT string_agg(datname, ' ' ORDER BY 1) FROM pg_database", "postgres") == before


def test_a_second_run_at_once_is_refused(life: Life) -> None:
    holding = "exec flock /var/lib/data-tier/lock sleep 15"  # as a job does while it runs
    first = threading.Thread(target=lambda: inside(life.host, BACKUP, "sh", "-c", holding))
    first.start()
    time.sleep(1)

    done = life.project.operate("backup", "--physical", "incremental", ok=False)

    first.join()
    assert done.code == 1
    assert "another backup or restore" in done.text


def test_a_spoilt_backup_is_found_and_the_metric_says_so(life: Life) -> None:
    assert inside(life.host, BACKUP, "python3", "-c", SPOILT)[0] == 0

    done = life.project.operate("backup", "--test", ok=False)

    assert done.code == 1
    assert "doesn't restore to what was backed up" in done.text
    read = "import urllib.request as u; print(u.urlopen('http://127.0.0.1:9188/metrics').read().decode())"
    metrics = inside(life.host, BACKUP, "python3", "-c", read)[1]
    assert f'data_tier_restore_test_failed{{server="{SERVER}"}} 1' in metrics
    told(life, "backup", "--physical", "full", "--test")
    assert (
        f'data_tier_restore_test_failed{{server="{SERVER}"}} 0' in inside(life.host, BACKUP, "python3", "-c", read)[1]
    )


def test_an_app_more_leaves_containers_and_backups_alone_and_is_in_the_next(life: Life) -> None:
    before = life.host.ids()
    life.change(apps={**life.apps, "blog": {"postgres": {"database": "blog"}}})
    life.up()

    assert life.host.ids() == before
    assert life.project.steps() == {}
    told(life, "backup", "--physical", "incremental")
    evidence = told(life, "backups")["physical"][0]["backups"][-1]["evidence"]
    assert evidence["left_out"] == []


def test_the_archive_goes_on_after_down_and_up(life: Life) -> None:
    life.change(running=False)
    life.up()
    life.change(running=True)
    life.up()

    done = told(life, "backup", "--physical", "differential", "--test")["physical"]

    assert [one["kind"] for one in done] == ["differential", "restore_test"]
    log = life.host.client.containers.get(SERVER).logs().decode()
    assert "database system was shut down at" in log, "it was killed while it waited for its archive"
