"""Copies of apps on real Docker, in both shapes, while rows change; and their way back, swaps under load included."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from operate.backup import leftovers, postgres, postgres_facts
from operate.errors import OperateError
from operate.postgres_tools import Tools
from operate.stack import parse
from tests.integration.daemon import ran
from tests.integration.project import STACK
from tests.operate.conftest import PREFIX, Running

pytestmark = pytest.mark.integration
SERVERS = {"shop": f"{PREFIX}-postgres-unified", "wiki": f"{PREFIX}-wiki-postgres"}
REDIS = {"shop": f"{PREFIX}-redis-unified", "wiki": f"{PREFIX}-wiki-redis"}
APPS = pytest.mark.parametrize("app", ["shop", "wiki"])
TABLES = """
SET ROLE {app}_db_owner;
CREATE TABLE debits (id bigserial PRIMARY KEY, amount numeric, note text DEFAULT md5(random()::text));
CREATE TABLE credits (LIKE debits INCLUDING ALL);
CREATE SCHEMA "odd ""name"; CREATE TABLE "odd ""name"."its ta'ble" (data_tier_row text, at timestamptz DEFAULT now());
INSERT INTO "odd ""name"."its ta'ble" VALUES ('a'), (NULL), ('a');
CREATE TABLE parted (k text) PARTITION BY LIST (k); CREATE TABLE part_a PARTITION OF parted FOR VALUES IN ('a');
INSERT INTO parted VALUES ('a');
CREATE MATERIALIZED VIEW held AS SELECT count(*) FROM credits;
INSERT INTO debits (amount) SELECT n FROM generate_series(1, 20000) n;
INSERT INTO credits (amount) SELECT n FROM generate_series(1, 20000) n;
SELECT lo_from_bytea(0, 'large');
RESET ROLE;
CREATE TABLE public.of_the_admin (a int); CREATE TABLE public.over (stop bool);
ALTER ROLE {app}_db_a IN DATABASE {app}_db SET search_path = public, "odd ""name";
"""
WRITE = """DO $$ BEGIN
WHILE NOT EXISTS (SELECT FROM over) LOOP
  INSERT INTO debits (amount) VALUES (1); UPDATE debits SET amount = amount + 1 WHERE id = (random() * 9999)::int;
  INSERT INTO credits (amount) VALUES (1); COMMIT;
END LOOP; END $$"""


@pytest.fixture(scope="module", autouse=True)
def filled(running: Running) -> Iterator[None]:
    """Rows in both apps; no database beside theirs is left at the end."""
    for app in SERVERS:
        running.operate("psql", app, "--admin", given=TABLES.format(app=app))
    yield
    for app in SERVERS:
        for name in databases(running, app):
            if name.startswith(f"{app}_db_"):
                sql(running, app, f'DROP DATABASE "{name}" WITH (FORCE)', "postgres")
        sql(running, app, f"ALTER ROLE {app}_db_a IN DATABASE {app}_db RESET search_path")


def sql(running: Running, app: str, query: str, database: str = "") -> str:
    server = running.host.client.containers.get(SERVERS[app])
    command = ["psql", "-U", "admin", "-d", database or f"{app}_db", "-XAtqc", query]
    code, out = ran(server, command, user="postgres")
    assert code == 0, out
    return out


def databases(running: Running, app: str) -> list[str]:
    return sql(running, app, "SELECT datname FROM pg_database ORDER BY 1", "postgres").splitlines()


def copied(running: Running, app: str, *arguments: str) -> dict[str, Path]:
    """The files of a fresh copy by their kind."""
    told = running.told("backup", app, *arguments)
    assert told["failed"] == []
    return {Path(one["file"]).suffix[1:]: Path(one["file"]) for one in told["backups"]}


def manifest(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(file.with_name(f"{file.name}.json").read_text())
    return found


@contextmanager
def planted(file: Path, **facts: Any) -> Iterator[None]:
    """The manifest says something else of its copy for a while."""
    path = file.with_name(f"{file.name}.json")
    was, told = path.read_text(), manifest(file)
    told["facts"].update(facts)
    path.write_text(json.dumps(told))
    yield
    path.write_text(was)


@contextmanager
def writing(running: Running, app: str) -> Iterator[None]:
    """Rows go into two tables at once, a pair in each transaction, one after the other."""
    server = running.host.client.containers.get(SERVERS[app])
    command = ["psql", "-U", "admin", "-d", f"{app}_db", "-Xqc", WRITE]
    writer = threading.Thread(target=lambda: server.exec_run(command, user="postgres"))
    writer.start()
    yield
    if writer.is_alive():
        sql(running, app, "INSERT INTO over VALUES (true)")
    writer.join()
    sql(running, app, "TRUNCATE over")


@APPS
def test_a_copy_is_of_one_moment_and_restores_to_it_while_rows_change(running: Running, app: str) -> None:
    with writing(running, app), running.watched() as seen:
        before = int(sql(running, app, "SELECT count(*) FROM credits"))
        file = copied(running, app, "--check", "restore")["dump"]
        after = int(sql(running, app, "SELECT count(*) FROM credits"))
    its = manifest(file)
    tables = {name: its["facts"]["tables"][name]["rows"] for name in ("public.debits", "public.credits")}
    assert tables["public.debits"] == tables["public.credits"], "pairs are written in one transaction"
    assert before <= tables["public.credits"] < after, "and they were written all the time"
    assert its["facts"]["tables"]["odd \"name.its ta'ble"]["rows"] == 3
    assert its["facts"]["tables"]["public.of_the_admin"]["owner"] == "admin"
    assert [(check["by"], check["equal"]) for check in its["checks"]] == [("read", True), ("restore", True)]
    assert {path.stat().st_mode & 0o777 for path in (file, file.with_name(f"{file.name}.json"))} == {0o600}
    assert {path.stat().st_mode & 0o777 for path in (file.parent, file.parent.parent)} == {0o700}
    said = json.dumps(its) + " ".join(seen)
    assert not [password for password in running.passwords if password in said]
    assert not [name for name in databases(running, app) if name.startswith(postgres.SCRATCH)]


def test_planted_damage_is_found_and_kept_as_evidence(running: Running) -> None:
    file = copied(running, "wiki")["dump"]
    tables = manifest(file)["facts"]["tables"]
    tables["public.credits"]["checksum"] = "1"
    tables["public.debits"]["rows"] += 1
    with planted(file, tables=tables, sequences={"public.debits_id_seq": [1, 2]}):
        done = running.operate("restore", "wiki", "--from", str(file), ok=False)
        assert done.code == 1
        for wanted in ("public.credits has other rows", "public.debits has", "sequence public.debits_id_seq goes on"):
            assert wanted in done.err
        assert manifest(file)["checks"][-1]["equal"] is False
        listed = running.told("backups", "wiki", ok=False)
        assert "not restored" in {Path(one["file"]): one["problem"] for one in listed["backups"]}[file]
    assert databases(running, "wiki") == ["postgres", "template0", "template1", "wiki_db"]
    cut = file.read_bytes()
    file.write_bytes(cut[:-10])
    assert "damaged" in running.operate("restore", "wiki", "--from", str(file), ok=False).err
    file.write_bytes(cut[:-1] + bytes([cut[-1] ^ 1]))
    done = running.operate("backups", "wiki", ok=False)
    assert (done.code, "its SHA-256 differs" in done.out) == (1, True)
    file.unlink()
    assert "missing" in running.operate("backups", "wiki", ok=False).out
    file.with_name(f"{file.name}.json").unlink()
    assert running.told("backups", "wiki")["ok"] is True


@APPS
def test_a_restored_database_takes_the_apps_place_under_load_and_goes_back(running: Running, app: str) -> None:
    file = copied(running, app)["dump"]
    rows = manifest(file)["facts"]["tables"]["public.credits"]["rows"]
    count = f"SELECT count(*) FROM credits WHERE '{app}' <> ''"
    running.operate("restore", app, "--from", str(file))
    beside = f"{app}_db_restored"
    assert sql(running, app, count, beside) == str(rows)
    assert running.operate("psql", app, "--", "-d", beside, "-c", "select 1", ok=False).code != 0, "not by its name"
    assert "already" in running.operate("restore", app, "--from", str(file), ok=False).err
    with writing(running, app):
        told = running.told("restore", app, "--swap", "--as", beside, "--yes")
    assert told["former"] in databases(running, app)
    assert beside not in databases(running, app)
    assert running.operate("psql", app, "--", "-Atc", count).out.strip() == str(rows)
    running.operate("psql", app, "--", "-c", "INSERT INTO credits (amount) VALUES (1)")
    assert int(sql(running, app, count, told["former"])) > rows
    same = "SELECT datacl, datconnlimit, pg_get_userbyid(datdba) FROM pg_database WHERE datname = "
    assert sql(running, app, f"{same}'{app}_db'") == sql(running, app, f"{same}'{told['former']}'")
    assert "its ta'ble" in running.operate("psql", app, "--", "-c", "\\d").out, "its search_path came along"
    running.project.pulumi("preview", "--expect-no-changes")
    running.project.pulumi("refresh", "--yes")
    running.project.pulumi("preview", "--expect-no-changes")
    if app == "shop":
        stack = parse(STACK, running.project.outputs())
        with pytest.raises(OperateError, match=told["former"]):
            leftovers.refuse(stack, app, running.host.client)
    running.operate("restore", app, "--swap", "--as", told["former"], "--yes")
    assert int(sql(running, app, count)) > rows


def test_keys_come_back_only_where_none_are_or_in_place_of_others(running: Running) -> None:
    kinds = "set shop:k 1\nsetex shop:ttl 900 x\nrpush shop:l a b\nsadd shop:s a b c 1\nhset shop:h f 1 g 2\n"
    more = 'zadd shop:z 1.5 a 2 b\nxadd shop:x 1-1 f v\nselect 1\nset shop:bytes "\\x00\\r\\n\\xff"\n'
    running.operate("redis", "shop", given=kinds + more)
    file = copied(running, "shop", "--check", "restore")["redis"]
    assert {number: its["rows"] for number, its in manifest(file)["facts"]["tables"].items()} == {"0": 7, "1": 1}
    running.operate("redis", "shop", given="set shop:k 2\nset shop:new 1\nsadd shop:s d\ndel shop:h\n")
    assert "add --replace" in running.operate("restore", "shop", "--from", str(file), ok=False).err
    told = running.told("restore", "shop", "--from", str(file), "--replace", "--yes")
    assert [manifest(Path(saved))["facts"]["tables"]["0"]["rows"] for saved in told["saved"]] == [7]
    asked = "get shop:k\nexists shop:new\nscard shop:s\nhget shop:h g\nttl shop:ttl\nselect 1\nstrlen shop:bytes\n"
    *values, ttl, _, length = running.operate("redis", "shop", given=asked).out.split()
    assert (values, length) == (["1", "0", "4", "2"], "4")
    assert 0 < int(ttl) <= 900
    tables = manifest(file)["facts"]["tables"]
    tables["0"]["checksum"] = "1"
    with planted(file, tables=tables):
        done = running.operate("restore", "shop", "--from", str(file), "--replace", "--yes", ok=False)
        assert "0 has other rows" in done.err
    running.operate(
        "redis", "shop", given="del shop:k shop:ttl shop:l shop:s shop:h shop:z shop:x\nselect 1\ndel shop:bytes\n"
    )
    assert running.told("restore", "shop", "--from", str(file))["entries"] == 8


def test_wrong_input_is_one_error_and_leaves_nothing(running: Running) -> None:
    file = copied(running, "shop")["dump"]
    dump, before = str(file), (databases(running, "shop"), sorted(file.parent.iterdir()))
    for wanted, *arguments in (
        ("no manifest beside it", "shop", "--from", "Pulumi.yaml"),
        ("has a database postgres already", "shop", "--from", dump, "--as", "postgres"),
        ("is a role on", "shop", "--from", dump, "--as", "shop_db_a"),
        ("has no database postgres beside shop_db", "shop", "--swap", "--as", "postgres", "--yes"),
        ("say what to restore", "shop"),
        ("add --yes", "shop", "--from", dump, "--swap"),
    ):
        done = running.operate("restore", *arguments, ok=False)
        assert (done.code, len(done.err.splitlines())) == (1, 1), done.err
        assert wanted in done.err
    with planted(file, server_version="99.1"):
        assert "is of version 99.1" in running.operate("restore", "shop", "--from", dump, ok=False).err
    assert "choose one of read, restore" in running.operate("backup", "shop", "--check", "x", ok=False).err
    assert "has no app nix" in running.operate("backup", "nix", ok=False).err
    assert "front has no store" in running.operate("backup", "front", ok=False).err
    assert (databases(running, "shop"), sorted(file.parent.iterdir())) == before


def test_a_scratch_database_lets_no_app_in_and_one_left_by_a_killed_run_goes(running: Running) -> None:
    server = running.host.client.containers.get(SERVERS["shop"])
    sql(running, "shop", f"CREATE DATABASE {postgres.SCRATCH}dead", "postgres")
    with postgres.scratch(Tools(container=server, where="here", admin="admin"), "shop_db") as name:
        assert f"{postgres.SCRATCH}dead" not in databases(running, "shop")
        done = running.operate("psql", "shop", "--", "-d", name, "-c", "select 1", ok=False)
        assert (done.code, "pg_hba.conf rejects" in done.err) == (2, True)
        asked = "SELECT has_database_privilege('{0}', '{1}', 'CONNECT')"
        for role in ("shop_db_a", "shop_db", "shop_db_owner"):
            assert sql(running, "shop", asked.format(role, name)) == "f"
        assert sql(running, "shop", f"SELECT datconnlimit FROM pg_database WHERE datname = '{name}'") == "0"
    assert name not in databases(running, "shop")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small file system")
def test_a_full_disk_leaves_no_half_file(running: Running) -> None:
    folder = running.project.root / "backups" / STACK
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k,mode=700", "none", folder], check=True)
    try:
        done = running.operate("backup", "shop", ok=False)
        assert (done.code, "No space left on device" in done.err) == (1, True), done.err
        assert "Traceback" not in done.err
        assert [path.name for path in folder.iterdir()] == [".lock"]
        held = f"SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE '{postgres_facts.SESSION}%'"
        assert sql(running, "shop", held) == "0", "no session holds its snapshot for a reader that is gone"
    finally:
        subprocess.run(["umount", folder], check=True)


def test_two_at_once_are_refused(running: Running) -> None:
    folder = running.project.root / "backups" / STACK
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert "is at work" in running.operate("backup", "shop", ok=False).err
