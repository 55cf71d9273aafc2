"""Readers, apps that migrate themselves, and what migrations leave behind, on real Docker and in both shapes.

One stack of its own; the tests go through its life in order, each from where the one before has left it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator

import docker
import psycopg
import pytest
from psycopg import errors

from tests.integration.life import Life, lived
from tests.integration.project import Project
from tests.integration.readers_sql import MIGRATION, USE, WRITES
from tests.integration.readers_stack import READER, migrating, reading, seen, serving, settings, url

pytestmark = pytest.mark.integration
PREFIX = f"readers-{os.getpid()}"


@pytest.fixture(scope="module")
def life(daemon: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    """Three apps in both places and one that migrates itself, up without a reader; purged at the end."""
    with lived(daemon, Project(tmp_path_factory.mktemp("readers"), settings(daemon, PREFIX)), Life) as found:
        yield found


@pytest.mark.parametrize("app", ["shop", "wiki"])
@pytest.mark.parametrize("schema", ["public", "late"])
def test_what_migrations_make_later_belongs_to_the_owner_and_the_app_uses_all_of_it(
    life: Life, app: str, schema: str
) -> None:
    with migrating(life, app) as migrate, serving(life, app) as connection:
        if schema != "public":
            migrate.execute(f"CREATE SCHEMA {schema}".encode())
        migrate.execute(MIGRATION.format(schema=schema).encode())
        owners = "SELECT DISTINCT relowner::regrole::text FROM pg_class WHERE relnamespace = %s::regnamespace"
        assert migrate.execute(owners, [schema]).fetchall() == [(f"{app}_owner",)]
        connection.execute(USE.format(schema=schema).encode())
        assert seen(connection, f"SELECT count(*) FROM {schema}.parts") == 1
        for forbidden in ("DROP TABLE {}.orders", "ALTER TABLE {}.orders ADD x int", "CREATE TABLE {}.mine (id int)"):
            with pytest.raises(errors.InsufficientPrivilege):
                connection.execute(forbidden.format(schema).encode())


def test_a_reader_that_is_added_later_reads_what_is_there_and_replaces_no_container(life: Life) -> None:
    apps, before = life.apps, life.host.ids()
    for app in ("shop", "blog", "wiki"):
        apps[app]["postgres"]["readers"] = [READER]
    life.change(apps=apps, readers={READER: {"connections": 3, "limits": {"statement_timeout": "5s"}}})
    life.up()
    assert life.host.ids() == before
    for app in ("shop", "wiki"):
        with reading(life, app, guarded=True) as connection:
            for schema in ("public", "late"):
                assert seen(connection, f"SELECT count(*) FROM {schema}.orders") == 2
                assert seen(connection, f"SELECT last_value FROM {schema}.numbers") == 1
                assert seen(connection, f"SELECT count(*) FROM {schema}.items") == 2
                assert seen(connection, f"SELECT count FROM {schema}.counted") == 1
                assert seen(connection, f"SELECT p FROM {schema}.parts") == 2
            assert seen(connection, "SHOW statement_timeout") == "5s"


@pytest.mark.parametrize("app", ["shop", "wiki"])
def test_a_reader_reads_tables_and_schemas_that_come_after_it(life: Life, app: str) -> None:
    with migrating(life, app) as migrate, reading(life, app) as connection:
        migrate.execute(b"CREATE SCHEMA later")
        for schema in ("public", "later"):
            migrate.execute(f"CREATE TABLE {schema}.newer (id serial PRIMARY KEY)".encode())
            migrate.execute(f"INSERT INTO {schema}.newer DEFAULT VALUES".encode())
            assert seen(connection, f"SELECT count(*) FROM {schema}.newer") == 1
        migrate.execute(MIGRATION.format(schema="later").encode())
    with serving(life, app) as connection:
        connection.execute(USE.format(schema="later").encode())


@pytest.mark.parametrize("schema", ["public", "late", "later"])
@pytest.mark.parametrize("app", ["shop", "wiki"])
def test_a_reader_writes_nothing_even_when_it_takes_the_guard_off(life: Life, app: str, schema: str) -> None:
    with reading(life, app) as connection:
        for statement in WRITES:
            with pytest.raises(errors.InsufficientPrivilege):
                connection.execute(statement.format(schema=schema, app=app).encode())


def test_a_readers_transactions_begin_read_only(life: Life) -> None:
    with reading(life, "shop", guarded=True) as connection:
        assert seen(connection, "SHOW transaction_read_only") == "on"
        with pytest.raises(errors.ReadOnlySqlTransaction):
            connection.execute("CREATE TABLE mine (id int)")


@pytest.mark.parametrize("database", ["tool", "postgres", "template1"])
def test_a_reader_enters_no_database_that_does_not_name_it(life: Life, database: str) -> None:
    with pytest.raises(psycopg.OperationalError, match=r"permission denied for database|pg_hba\.conf rejects"):
        psycopg.connect(url(life, "shop", database), connect_timeout=5)


def test_a_reader_has_another_password_on_a_server_of_an_apps_own(life: Life) -> None:
    shared, own = (url(life, app).rpartition("@")[0] for app in ("shop", "wiki"))
    assert shared != own
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(url(life, "wiki").replace(own, shared), connect_timeout=5)


def test_a_reader_without_tls_or_with_a_wrong_password_is_refused(life: Life) -> None:
    plain = url(life, "shop").partition("?")[0]
    with pytest.raises(psycopg.OperationalError, match=r"pg_hba\.conf rejects connection.*no encryption"):
        psycopg.connect(plain, sslmode="disable", connect_timeout=5)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(plain, password="wrong", sslmode="require", connect_timeout=5)


def test_a_reader_has_its_connections_beside_those_of_the_app(life: Life) -> None:
    held = [reading(life, "shop") for _ in range(3)]
    try:
        with pytest.raises(psycopg.OperationalError, match="too many connections for role"):
            reading(life, "shop")
        app = [serving(life, "shop") for _ in range(20)]
        for one in app:
            one.close()
    finally:
        for one in held:
            one.close()


def test_operate_gives_a_readers_access_and_refuses_one_that_is_none(life: Life) -> None:
    told = json.loads(life.project.operate("env", "wiki", "--reader", READER, "--json").out)
    assert told["DATABASE_URL"].startswith(f"postgresql://{READER}_a:")
    asked = ("-m", "operate", "psql", "shop", "--stack", "dev", "--reader", READER, "--", "-tAc", "SELECT current_user")
    done = life.project.plain(*asked)
    assert done.out.strip() == f"{READER}_a"
    done = life.project.operate("env", "tool", "--reader", READER, ok=False)
    assert (done.code, done.err.strip()) == (1, f"error: {READER} isn't a reader of tool; its readers: none")


def test_nothing_drifts(life: Life) -> None:
    done = life.project.pulumi("preview", "--expect-no-changes", ok=False)
    assert done.code == 0, done.text
    life.project.pulumi("refresh", "--yes")
    done = life.project.pulumi("preview", "--expect-no-changes", ok=False)
    assert done.code == 0, done.text


def test_a_reader_rotates_by_its_number(life: Life) -> None:
    old = url(life, "shop")
    readers = {READER: {"connections": 3, "generation": 2, "overlap": True}}
    life.change(readers=readers)
    life.up()
    psycopg.connect(old, connect_timeout=5).close()
    with reading(life, "shop", guarded=True) as connection:
        assert seen(connection, "SELECT current_user") == f"{READER}_b"
        assert seen(connection, "SHOW transaction_read_only") == "on"
        assert seen(connection, "SELECT count(*) FROM late.orders") == 2
    del readers[READER]["overlap"]
    life.change(readers=readers)
    life.up()
    with pytest.raises(psycopg.OperationalError, match="not permitted to log in"):
        psycopg.connect(old, connect_timeout=5)
    life.change(readers={READER: {"generation": 4}})
    life.refused(["preview"], wanted=(f"data-tier:readers.{READER}.generation = 4", "it was 2"))
    life.change(readers=readers)


def test_an_app_that_migrates_itself_makes_what_belongs_to_the_owner(life: Life) -> None:
    with serving(life, "tool") as connection:
        connection.execute(MIGRATION.format(schema="public").encode())
        connection.execute(USE.format(schema="public").encode())
        connection.execute("ALTER TABLE orders ADD more int")
        assert seen(connection, "SELECT tableowner FROM pg_tables WHERE tablename = 'orders'") == "tool_owner"
        assert seen(connection, "SELECT session_user") == "tool_a"
        connection.execute("RESET ALL")
        assert seen(connection, "SELECT current_user") == "tool_owner", "what pools send between two of their clients"
        for forbidden in ("CREATE ROLE mine", "SET ROLE shop", "SET ROLE shop_owner", "CREATE DATABASE mine"):
            with pytest.raises(errors.InsufficientPrivilege):
                connection.execute(forbidden.encode())


def test_an_app_that_no_longer_migrates_itself_keeps_its_tables_and_changes_no_more_of_them(life: Life) -> None:
    apps, before = life.apps, life.host.ids()
    apps["tool"]["postgres"]["ddl"] = False
    life.change(apps=apps)
    life.up()
    assert life.host.ids() == before
    with serving(life, "tool") as connection:
        connection.execute("INSERT INTO orders (item) VALUES ('tea')")
        for forbidden in ("ALTER TABLE orders ADD x int", "SET ROLE tool_owner", "CREATE TABLE mine (id int)"):
            with pytest.raises(errors.InsufficientPrivilege):
                connection.execute(forbidden.encode())


def test_an_app_that_no_longer_names_its_reader_is_closed_to_it_and_the_others_are_not(life: Life) -> None:
    apps, before = life.apps, life.host.ids()
    old = url(life, "shop")
    del apps["shop"]["postgres"]["readers"]
    life.change(apps=apps)
    life.up()
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(old, connect_timeout=5)
    for app in ("blog", "wiki"):
        reading(life, app).close()
    with migrating(life, "shop") as migrate:
        migrate.execute("CREATE TABLE last (id int)")
        acls = "SELECT count(*) FROM pg_class WHERE relacl::text LIKE '%analytics%'"
        assert seen(migrate, acls) == 0, "tables, views and sequences keep nothing of it"
    assert life.host.ids() == before


def test_a_reader_that_is_gone_leaves_no_role_behind(life: Life) -> None:
    apps, before = life.apps, life.host.ids()
    for app in ("blog", "wiki"):
        del apps[app]["postgres"]["readers"]
    life.change(apps=apps, readers=None)
    life.up()
    with serving(life, "blog") as connection, serving(life, "wiki") as other:
        for one in (connection, other):
            assert seen(one, "SELECT count(*) FROM pg_roles WHERE rolname LIKE '%reader%' OR rolname ~ '_ro'") == 0
    assert life.host.ids() == before
    done = life.project.pulumi("preview", "--expect-no-changes", ok=False)
    assert done.code == 0, done.text
