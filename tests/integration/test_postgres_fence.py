"""What an app's logins can and can't do on the shared PostgreSQL server."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import psycopg
import pytest
from psycopg import errors, sql

from tests.integration.conftest import Stack
from tests.integration.stores import Login

pytestmark = pytest.mark.integration
APP, OTHER = "saleor", "wagtail"
_CONNECT = """
import json, sys, psycopg
try:
    psycopg.connect(**json.load(sys.stdin), connect_timeout=5).close()
    print("let in")
except psycopg.OperationalError as error:
    print(error)
"""


@pytest.fixture
def app(stack: Stack) -> Iterator[psycopg.Connection[Any]]:
    """A connection of the app itself to its own database."""
    with stack.stores.sql(stack.stores.apps[APP]) as connection:
        yield connection


def from_data_tier(stack: Stack, login: Login, database: str) -> str:
    """What a login attempt from a container on the data tier is answered with; the password isn't in its command."""
    address, port = stack.stores.postgres
    given = {"host": address, "port": port, "user": login.user, "password": login.password, "dbname": database}
    return stack.host.run_in(stack.project.outputs()["networks"]["data"]["name"], _CONNECT, given)


@pytest.mark.parametrize("database", [OTHER, "postgres", "template1"])
def test_an_app_cannot_connect_to_a_database_that_is_not_its_own(stack: Stack, database: str) -> None:
    name = stack.stores.apps[database].database if database == OTHER else database
    for login in (stack.stores.apps[APP], stack.stores.migrations[APP]):
        with pytest.raises(psycopg.OperationalError, match=r"pg_hba\.conf rejects connection"):
            stack.stores.sql(login, database=name)


def test_the_fence_holds_for_containers_on_the_data_tier(stack: Stack) -> None:
    mine, others = stack.stores.apps[APP], stack.stores.apps[OTHER]
    assert from_data_tier(stack, mine, mine.database) == "let in"
    assert "pg_hba.conf rejects connection" in from_data_tier(stack, mine, others.database)


def test_no_login_may_connect_beyond_its_database_even_if_pg_hba_let_it(stack: Stack) -> None:
    """The second fence: CONNECT is granted to the database's own group and to nobody else."""
    question = "SELECT datname FROM pg_database WHERE has_database_privilege(%s, datname, 'CONNECT') ORDER BY datname"
    databases = {login.database for login in stack.stores.apps.values()}
    with stack.stores.sql(stack.stores.admin) as connection:
        for login in stack.stores.apps.values():
            rows = connection.execute(question, [login.user]).fetchall()
            assert databases & {name for (name,) in rows} == {login.database}


def test_a_wrong_password_is_refused(stack: Stack) -> None:
    for login in (stack.stores.apps[APP], stack.stores.admin):
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            stack.stores.sql(login, password="wrong")


def test_no_app_logs_in_with_the_password_of_another(stack: Stack) -> None:
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        stack.stores.sql(stack.stores.apps[APP], password=stack.stores.apps[OTHER].password)


def test_the_admin_logs_in_from_the_host_and_not_from_the_data_tier(stack: Stack) -> None:
    with stack.stores.sql(stack.stores.admin) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    refusal = from_data_tier(stack, stack.stores.admin, "postgres")
    assert "pg_hba.conf rejects connection" in refusal


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE public.mine (id int)",
        "CREATE TEMPORARY TABLE mine (id int)",
        "CREATE SCHEMA mine",
        "CREATE ROLE mine",
        "CREATE DATABASE mine",
        "CREATE EXTENSION pg_stat_statements",
        "SELECT rolpassword FROM pg_authid",
        "SELECT pg_read_file('PG_VERSION')",
        "COPY (SELECT 1) TO PROGRAM 'true'",
        "ALTER SYSTEM SET work_mem = '1GB'",
        "SET ROLE saleor_core_owner",
        "SET ROLE admin",
        "SET SESSION AUTHORIZATION wagtail_cms_a",
        "GRANT saleor_core_owner TO saleor_core_a",
        "ALTER ROLE saleor_core_b PASSWORD 'mine'",
        "ALTER ROLE saleor_core_a CONNECTION LIMIT -1",
        "ALTER DATABASE saleor_core CONNECTION LIMIT -1",
    ],
)
def test_an_app_is_refused(app: psycopg.Connection[Any], statement: str) -> None:
    with pytest.raises(errors.InsufficientPrivilege):
        app.execute(statement.encode())


def test_no_app_login_has_attributes_of_an_administrator(stack: Stack) -> None:
    question = """SELECT rolname FROM pg_roles WHERE rolname NOT LIKE 'pg\\_%%' AND rolname <> %s
                  AND (rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls)"""
    with stack.stores.sql(stack.stores.admin) as connection:
        assert connection.execute(question, [stack.stores.admin.user]).fetchall() == []


def test_passwords_are_stored_as_scram_verifiers(stack: Stack) -> None:
    with stack.stores.sql(stack.stores.admin) as connection:
        rows = connection.execute("SELECT rolname, rolpassword FROM pg_authid WHERE rolcanlogin").fetchall()
    assert len(rows) > 3 * 3, "three logins for each database, and the admin"
    assert [name for name, stored in rows if not (stored or "").startswith("SCRAM-SHA-256$")] == []


def test_an_app_gets_its_connections_and_not_one_more(stack: Stack) -> None:
    login = stack.stores.apps[APP]
    with ExitStack() as held, stack.stores.sql(stack.stores.admin) as admin:
        row = admin.execute("SELECT rolconnlimit FROM pg_roles WHERE rolname = %s", [login.user]).fetchone()
        assert row is not None
        assert row[0] > 0, "no limit would let one app take every connection of the server"
        for _ in range(row[0]):
            held.enter_context(stack.stores.sql(login))
        with pytest.raises(psycopg.OperationalError, match="too many connections for role"):
            stack.stores.sql(login)
        with stack.stores.sql(stack.stores.apps[OTHER]) as other:
            assert other.execute("SELECT 1").fetchone() == (1,), "the others aren't held up"


def test_what_migrations_create_belongs_to_the_owner_and_the_app_uses_it_without_further_grants(stack: Stack) -> None:
    login, migration = stack.stores.apps[APP], stack.stores.migrations[APP]
    table = sql.Identifier(f"orders_{uuid.uuid4().hex[:8]}")
    with stack.stores.sql(migration) as migrate, stack.stores.sql(login) as app:
        migrate.execute(sql.SQL("CREATE TABLE {} (id serial PRIMARY KEY, item text)").format(table))
        try:
            owner = migrate.execute("SELECT tableowner FROM pg_tables WHERE tablename = %s", [table._obj[0]]).fetchone()
            assert owner == (f"{login.database}_owner",)
            app.execute(sql.SQL("INSERT INTO {} (item) VALUES ('tea')").format(table))
            app.execute(sql.SQL("UPDATE {} SET item = 'coffee'").format(table))
            assert app.execute(sql.SQL("SELECT id, item FROM {}").format(table)).fetchall() == [(1, "coffee")]
            app.execute(sql.SQL("DELETE FROM {}").format(table))
            for forbidden in ("DROP TABLE {}", "ALTER TABLE {} ADD more int", "TRUNCATE {}"):
                with pytest.raises(errors.InsufficientPrivilege):
                    app.execute(sql.SQL(forbidden).format(table))
        finally:
            migrate.execute(sql.SQL("DROP TABLE {}").format(table))
