"""Whether anybody sees or changes another tenant's rows, on real Docker: a unified app, and a strict isolated one.

One stack of its own. Everything is tried on one connection that several tenants use one after the other; `WAYS` are the
URLs by which clients come, one of them through a pooler in transaction mode with a single server connection.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import docker
import psycopg
import pytest
from psycopg import errors

from tests.integration.life import lived
from tests.integration.planted_holes import ABOVE, PLANTED, checked, planted
from tests.integration.project import Project
from tests.integration.tenants_stack import (
    SERVERS,
    STRICT,
    WAYS,
    A,
    B,
    Tenants,
    acting,
    as_admin,
    fill,
    settings,
    tenants,
)

pytestmark = pytest.mark.integration
PREFIX = f"rls-{os.getpid()}"
ROLES = ("a", "b", "group", "reader", "owner")
SOURCES = ("orders", "owners_view", "invokers_view", "view_of_view", "as_owner()", "as_caller()", "days", "days_1")


@pytest.fixture(scope="module")
def life(daemon: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tenants]:
    """Both apps up and migrated, with a row of each tenant; purged at the end."""
    with lived(daemon, Project(tmp_path_factory.mktemp("rls"), settings(daemon, PREFIX)), Tenants) as made:
        names = {"shop": "postgres-shop-b-password", "wiki": "isolated-wiki-postgres-database-b-password"}
        found = {it["urn"].rsplit("::", 1)[-1]: it["outputs"] for it in made.project.resources() if "outputs" in it}
        made.passwords = {app: found[name]["result"] for app, name in names.items()}
        for app in SERVERS:
            fill(made, app)
        yield made


each_app = pytest.mark.parametrize("app", list(SERVERS))
each_role = pytest.mark.parametrize("role", ROLES)
each_way = pytest.mark.parametrize("way", WAYS)


@each_app
@each_role
@each_way
def test_every_role_sees_the_rows_of_its_tenant_by_whatever_leads_to_them(
    life: Tenants, app: str, role: str, way: str
) -> None:
    with life.connect(app, role, way) as connection:
        for source in SOURCES:
            for tenant in (A, B, A):
                with acting(connection, app, tenant):
                    assert tenants(connection, source) == [tenant], source
                    assert tenants(connection, f"{source} WHERE tenant_id <> '{tenant}'") == []
            with acting(connection, app, None):
                assert tenants(connection, source) == [], f"{source}: who doesn't say its tenant sees nothing"
            assert tenants(connection, source) == [], f"{source}: nor does the next who comes to this connection"


@each_app
@each_role
def test_an_empty_tenant_sees_nothing_and_fails_nothing(life: Tenants, app: str, role: str) -> None:
    with life.connect(app, role) as connection, connection.transaction():
        connection.execute("SELECT set_config('app.current_tenant_id', '', true)")
        assert tenants(connection) == []


@each_app
@pytest.mark.parametrize("role", ["a", "b", "group", "owner"])
def test_nobody_writes_rows_of_another_tenant(life: Tenants, app: str, role: str) -> None:
    with life.connect(app, role) as connection:
        for statement in (
            f"INSERT INTO orders VALUES (9, '{B}', 'x')",
            f"UPDATE orders SET tenant_id = '{B}'",
            f"INSERT INTO days_1 VALUES ('2026-05-05', '{B}')",
            f"INSERT INTO owners_view VALUES (9, '{B}', 'x')",
        ):
            with pytest.raises(errors.InsufficientPrivilege, match="row-level security"), acting(connection, app, A):
                connection.execute(statement.encode())
        with acting(connection, app, A):
            for statement in ("UPDATE orders SET item = '2' WHERE tenant_id = '{}'", "DELETE FROM orders WHERE id = 2"):
                assert connection.execute(statement.format(B).encode()).rowcount == 0
        with pytest.raises(errors.InsufficientPrivilege), acting(connection, app, None):
            connection.execute(f"INSERT INTO orders VALUES (9, '{A}', 'x')".encode())


@each_app
@pytest.mark.parametrize("role", ["a", "b", "group", "reader"])
def test_no_role_of_an_app_switches_the_policies_off(life: Tenants, app: str, role: str) -> None:
    with life.connect(app, role) as connection:
        for statement in (
            "ALTER TABLE orders DISABLE ROW LEVEL SECURITY",
            "ALTER TABLE orders NO FORCE ROW LEVEL SECURITY",
            "DROP POLICY data_tier_tenant ON orders",
            "CREATE POLICY mine ON orders USING (true)",
            "SELECT data_tier.enable_row_level_security('orders')",
            f"SET ROLE {app}_owner",
            "TRUNCATE orders",
        ):
            with pytest.raises((errors.InsufficientPrivilege, errors.ReadOnlySqlTransaction)):
                connection.execute(statement.encode())
        connection.execute("SET row_security = off")
        with pytest.raises(errors.InsufficientPrivilege, match="would be affected by row-level security"):
            connection.execute("SELECT * FROM orders")


@each_app
@each_role
def test_a_prepared_statement_has_the_tenant_of_each_execution(life: Tenants, app: str, role: str) -> None:
    with life.connect(app, role) as connection:
        connection.execute("PREPARE mine AS SELECT DISTINCT tenant_id::text FROM orders")
        connection.execute("SET plan_cache_mode = force_generic_plan")
        for tenant in (A, B, A):
            with acting(connection, app, tenant):
                assert connection.execute("EXECUTE mine").fetchall() == [(tenant,)]
        assert connection.execute("EXECUTE mine").fetchall() == []
        for tenant in (A, B):
            with acting(connection, app, tenant):
                found = connection.execute("SELECT tenant_id::text FROM orders", prepare=True).fetchall()
                assert found == [(tenant,)]


@each_app
@each_role
def test_a_cursor_and_a_savepoint_end_with_the_tenants_transaction(life: Tenants, app: str, role: str) -> None:
    with life.connect(app, role) as connection:
        with acting(connection, app, A):
            connection.execute("DECLARE mine CURSOR FOR SELECT * FROM orders")
            with connection.transaction(force_rollback=True):
                connection.execute("SELECT set_config('app.current_tenant_id', %s, true)", [B])
            assert tenants(connection) == [A], "the savepoint took its tenant with it"
        with pytest.raises(errors.InvalidCursorName):
            connection.execute("FETCH ALL FROM mine")


@each_app
@each_role
def test_a_tenant_that_was_left_in_the_session_shows_its_rows_only_where_it_is_not_strict(
    life: Tenants, app: str, role: str
) -> None:
    """Through a pooler the next client of the connection would see them: that is what `strict` is for."""
    with life.connect(app, role) as connection:
        connection.execute(f"SET app.current_tenant_id = '{B}'".encode())
        assert tenants(connection) == ([] if STRICT[app] else [B])
        with acting(connection, app, A):
            assert tenants(connection) == [A], "who says its tenant has it, whatever was left"
        assert tenants(connection) == ([] if STRICT[app] else [B])


def test_the_mark_of_an_earlier_transaction_opens_nothing(life: Tenants) -> None:
    with life.connect("wiki", "a") as connection:
        with acting(connection, "wiki", B):
            row = connection.execute("SELECT current_setting('app.current_tenant_id_at')").fetchone()
        assert row
        connection.execute(f"SET app.current_tenant_id = '{B}'".encode())
        connection.execute(f"SET app.current_tenant_id_at = '{row[0]}'".encode())
        assert tenants(connection) == []


@each_app
@each_role
def test_copy_takes_the_rows_of_the_tenant(life: Tenants, app: str, role: str) -> None:
    def copied(statement: str) -> str:
        with connection.cursor().copy(statement.encode()) as copy:
            return b"".join(bytes(piece) for piece in copy).decode()

    with life.connect(app, role) as connection:
        for statement in ("COPY orders TO STDOUT", "COPY (SELECT * FROM orders) TO STDOUT"):
            with acting(connection, app, A):
                assert copied(statement) == f"1\t{A}\t1\n"
            assert copied(statement) == ""


@each_app
@each_role
def test_a_condition_that_fails_on_other_tenants_rows_never_meets_them(life: Tenants, app: str, role: str) -> None:
    with life.connect(app, role) as connection, acting(connection, app, A):
        assert tenants(connection, "orders WHERE item::int = 1") == [A], "'secret'::int would fail"


@each_app
def test_a_foreign_key_looks_past_the_policy_unless_the_tenant_is_part_of_it(life: Tenants, app: str) -> None:
    """A side channel that no policy closes; what does is a key with the tenant in it."""
    with life.connect(app, "owner") as migrate, life.connect(app, "a") as connection:
        with acting(connection, app, A):
            connection.execute("INSERT INTO lines VALUES (1, %s, 2)", [A])
            connection.execute("DELETE FROM lines")
        migrate.execute("ALTER TABLE orders ADD UNIQUE (tenant_id, id)")
        migrate.execute("ALTER TABLE lines ADD FOREIGN KEY (tenant_id, order_id) REFERENCES orders (tenant_id, id)")
        with pytest.raises(errors.ForeignKeyViolation), acting(connection, app, A):
            connection.execute("INSERT INTO lines VALUES (1, %s, 2)", [A])


@each_app
@pytest.mark.parametrize(
    ("table", "refused", "said"),
    [
        ("CREATE TABLE plain (id int)", errors.UndefinedColumn, "plain has no column tenant_id"),
        ("CREATE TABLE plain (tenant_id uuid)", errors.NotNullViolation, "tenant_id may be null"),
        (
            "CREATE TABLE plain (tenant_id int NOT NULL)",
            errors.DatatypeMismatch,
            "is of type integer, and a tenant is of",
        ),
    ],
)
def test_a_table_that_cannot_be_guarded_is_refused(
    life: Tenants, app: str, table: str, refused: type[psycopg.Error], said: str
) -> None:
    with life.connect(app, "owner") as migrate, migrate.transaction(force_rollback=True):
        migrate.execute(table.encode())
        with pytest.raises(refused, match=said):
            migrate.execute("SELECT data_tier.enable_row_level_security('plain')")


@each_app
def test_another_column_can_be_named_and_the_helper_run_again(life: Tenants, app: str) -> None:
    with life.connect(app, "owner") as migrate, migrate.transaction(force_rollback=True):
        migrate.execute('CREATE TABLE "Odd Name" ("Customer" uuid NOT NULL)')
        for _ in range(2):
            migrate.execute("""SELECT data_tier.enable_row_level_security('"Odd Name"', 'Customer')""")
        row = migrate.execute("SELECT count(*) FROM pg_policy WHERE polrelid = '\"Odd Name\"'::regclass").fetchone()
        assert row == (1,)


def test_the_check_finds_what_a_migration_has_left_open(life: Tenants) -> None:
    code, found = checked(life, "shop")
    assert code == 1
    assert {name for _, name, _ in found} == {"owners_view", "as_owner()"}, "neither leaks, both are better otherwise"


def test_each_planted_hole_is_found_and_nothing_else(life: Tenants) -> None:
    _, before = checked(life, "shop")
    planted(lambda: life.connect("shop", "owner"), tuple(one for made, _ in PLANTED.values() for one in made))
    planted(lambda: as_admin(life), tuple(one for made, _, _ in ABOVE.values() for one in made))
    _, after = checked(life, "shop")
    wanted = {found for _, found in PLANTED.values()} | {found for _, found, _ in ABOVE.values()}
    assert after - before == wanted
    planted(lambda: as_admin(life), tuple(one for _, _, undone in ABOVE.values() for one in undone))


def test_an_app_without_it_is_refused(life: Tenants) -> None:
    done = life.project.operate("rls", "check", "blog", ok=False)
    assert done.code == 1
    assert done.err.strip() == "error: blog has no row_level_security in the stack file; apps with it: shop, wiki"


def test_nothing_drifts(life: Tenants) -> None:
    life.project.pulumi("refresh", "--yes")
    done = life.project.pulumi("preview", "--expect-no-changes", ok=False)
    assert done.code == 0, done.text


def test_a_stricter_stack_file_changes_the_helper_and_the_check_names_tables_that_lag_behind(life: Tenants) -> None:
    apps, before = life.apps, life.host.ids()
    apps["shop"]["postgres"]["row_level_security"] = {"strict": True}
    life.change(apps=apps)
    life.up()
    assert life.host.ids() == before
    _, found = checked(life, "shop")
    assert ("table", "orders", "has another policy than the stack file asks for") in found
    with life.connect("shop", "owner") as migrate:
        migrate.execute("SELECT data_tier.enable_row_level_security('orders')")
    _, found = checked(life, "shop")
    assert not [one for one in found if one[1] == "orders"]
