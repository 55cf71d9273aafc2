"""Readers, apps that migrate themselves, and what migrations leave behind, on real Docker and in both shapes.

One stack of its own; the tests go through its life in order, each from where the one before has left it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any

import docker
import psycopg
import pytest
from psycopg import errors

from tests.integration import stackfile
from tests.integration.daemon import Host
from tests.integration.project import Project
from tests.integration.test_shapes import Life

pytestmark = pytest.mark.integration
PREFIX = f"readers-{os.getpid()}"
READER = "analytics_ro"
SERVERS = {"shop": "postgres", "blog": "postgres", "wiki": "postgres-wiki"}
MIGRATION = """
    CREATE TABLE {schema}.orders (id serial PRIMARY KEY, item text);
    INSERT INTO {schema}.orders (item) VALUES ('tea');
    CREATE VIEW {schema}.items AS SELECT item FROM {schema}.orders;
    CREATE MATERIALIZED VIEW {schema}.counted AS SELECT count(*) FROM {schema}.orders;
    CREATE SEQUENCE {schema}.numbers;
    CREATE TYPE {schema}.mood AS ENUM ('calm');
    CREATE DOMAIN {schema}.price AS int CHECK (VALUE >= 0);
    CREATE TABLE {schema}.parts (day date, m {schema}.mood, p {schema}.price) PARTITION BY RANGE (day);
    CREATE TABLE {schema}.part_1 PARTITION OF {schema}.parts FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
    CREATE FUNCTION {schema}.add(what text) RETURNS void LANGUAGE sql SECURITY DEFINER
        SET search_path = pg_catalog AS $$ INSERT INTO {schema}.orders (item) VALUES (what) $$;
"""
USE = """
    INSERT INTO {schema}.orders (item) VALUES ('coffee');
    UPDATE {schema}.orders SET item = 'cocoa' WHERE item = 'coffee';
    DELETE FROM {schema}.orders WHERE item = 'cocoa';
    SELECT nextval('{schema}.numbers'), {schema}.add('milk'), 'calm'::{schema}.mood, 1::{schema}.price;
    INSERT INTO {schema}.parts VALUES ('2026-05-05', 'calm', 2);
"""
# tried with read-only off: that it is on is a guard and no fence
WRITES = (
    "INSERT INTO {schema}.orders (item) VALUES ('x')",
    "UPDATE {schema}.orders SET item = 'x'",
    "DELETE FROM {schema}.orders",
    "TRUNCATE {schema}.orders",
    "COPY {schema}.orders (item) FROM STDIN",
    "SELECT * FROM {schema}.orders FOR UPDATE",
    "INSERT INTO {schema}.part_1 VALUES ('2026-05-05')",
    "DO $$ BEGIN LOCK TABLE {schema}.orders; END $$",
    "SELECT nextval('{schema}.numbers')",
    "SELECT setval('{schema}.numbers', 9)",
    "SELECT {schema}.add('x')",
    "REFRESH MATERIALIZED VIEW {schema}.counted",
    "CREATE TABLE {schema}.mine (id int)",
    "CREATE TEMPORARY TABLE mine (id int)",
    "CREATE SCHEMA mine",
    "CREATE FUNCTION {schema}.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "ALTER TABLE {schema}.orders ADD more int",
    "DROP TABLE {schema}.orders",
    "SELECT lo_create(0)",
    "SELECT lo_creat(-1)",
    "SELECT lo_from_bytea(0, 'x')",
    "SET ROLE {app}",
    "SET ROLE {app}_owner",
    "SET ROLE admin",
    "ALTER ROLE analytics_ro_b PASSWORD 'mine'",
    "ALTER ROLE analytics_ro_a CONNECTION LIMIT -1",
    "SELECT rolpassword FROM pg_authid",
    "SELECT pg_read_file('PG_VERSION')",
)


def settings(client: docker.DockerClient) -> dict[str, Any]:
    data, pool = (str(subnet) for subnet in stackfile.free_subnets(client, 2))
    return {
        "data-tier:prefix": PREFIX,
        "data-tier:images": dict(stackfile.IMAGES),
        "data-tier:rotation": {"drain": "3s"},
        "data-tier:network": {"data": {"internal": True, "subnet": data, "apps": pool}},
        "data-tier:postgres": {"image": "postgres:17", "resources": {"memory": "256Mi", "cpu": 1}, "connections": 100},
        "data-tier:redis": {"image": "redis:8", "memory": "64Mi", "databases": {"cache": 0}},
        "data-tier:apps": {
            "shop": {"postgres": {"database": "shop"}},
            "blog": {"postgres": {"database": "blog"}},
            "wiki": {"dedicated": True, "postgres": {"database": "wiki"}},
            "tool": {"postgres": {"database": "tool", "ddl": True}},
        },
    }


@pytest.fixture(scope="module")
def life(daemon: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    """Three apps in both places and one that migrates itself, up without a reader; purged at the end."""
    host = Host(daemon, PREFIX)
    project = Project(tmp_path_factory.mktemp("readers"), settings(daemon))
    try:
        project.pulumi("stack", "init")
        project.pulumi("up", "--yes", "--skip-preview")
        yield Life(project, host)
        project.operate("down", "--purge")
        assert [*host.containers(ended=True), *host.networks(), *host.volumes()] == []
    finally:
        host.remove_everything()


def migrating(life: Life, app: str) -> psycopg.Connection[Any]:
    return psycopg.connect(life.url(app, "migrate_url", SERVERS[app]), autocommit=True)


def serving(life: Life, app: str, server: str = "postgres") -> psycopg.Connection[Any]:
    return psycopg.connect(life.url(app, "database_url", SERVERS.get(app, server)), autocommit=True)


def url(life: Life, app: str, database: str = "") -> str:
    """The reader's URL of an app's database, with the address of its server in place of the name."""
    given = life.told["secrets"]["reader_urls"][READER][app]
    login, _, where = given.rpartition("@")
    _, _, rest = where.partition(":")
    ca = life.project.root / "ca.crt"
    ca.write_text(life.told["ca"])
    rest = rest.replace("/run/secrets/ca.crt", str(ca)).replace(f"/{app}?", f"/{database or app}?")
    return f"{login}@{life.servers()[SERVERS[app]][0]}:{rest}"


def reading(life: Life, app: str, *, guarded: bool = False) -> psycopg.Connection[Any]:
    connection = psycopg.connect(url(life, app), autocommit=True, connect_timeout=5)
    if not guarded:
        connection.execute("SET default_transaction_read_only = off")
    return connection


def seen(connection: psycopg.Connection[Any], question: str) -> Any:
    row = connection.execute(question.encode()).fetchone()
    return row[0] if row else None


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
