"""Grants at their edges on a real server: PUBLIC, nothing at all, made twice, objects that come and go, crowds."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.embedded.providers.postgresql.conftest import DEFAULT_PRIVILEGES, GRANT, SCHEMA, Bench, Made

pytestmark = pytest.mark.integration


@pytest.fixture
def database(bench: Bench) -> Made:
    database = bench.database()
    bench.create(SCHEMA, name="app", database=database.name)
    bench.server.sql("CREATE TABLE app.one (id int); CREATE TABLE app.two (id int)", database.name)
    return database


def grant(bench: Bench, database: Made, role: str, kind: str, privileges: list[str], **more: Any) -> Made:
    schema = {} if kind == "database" else {"schema": "app"}
    given = {"database": database.name, "role": role, "objectType": kind, "privileges": privileges}
    return bench.create(GRANT, **given, **schema, **more)


def holds(bench: Bench, database: Made, function: str, *arguments: str) -> bool:
    listed = ", ".join(f"'{argument}'" for argument in arguments)
    return bool(bench.server.sql(f"SELECT has_{function}_privilege({listed})", database.name)[0][0])


def test_public_loses_a_schema_and_what_it_is_given_again_shows(bench, database):
    bench.server.sql("GRANT USAGE, CREATE ON SCHEMA app TO PUBLIC", database.name)
    nothing = grant(bench, database, "public", "schema", [])
    role = bench.role("role")
    assert nothing.outputs["privileges"] is None
    assert not holds(bench, database, "schema", role.name, "app", "USAGE")
    assert nothing.drift() == []
    bench.server.sql("GRANT USAGE ON SCHEMA app TO PUBLIC", database.name)
    assert nothing.drift() == ["privileges"]


def test_public_keeps_what_is_declared_for_it_and_nothing_else(bench, database):
    made = grant(bench, database, "public", "schema", ["USAGE"])
    role = bench.role("role")
    assert holds(bench, database, "schema", role.name, "app", "USAGE")
    assert not holds(bench, database, "schema", role.name, "app", "CREATE")
    assert made.drift() == []


@pytest.mark.parametrize("privileges", [[], ["SELECT", "INSERT"]])
def test_a_grant_that_is_made_twice_is_the_same_grant(bench, database, privileges):
    role = bench.role("role")
    first = grant(bench, database, role.name, "table", privileges)
    second = grant(bench, database, role.name, "table", privileges)
    assert (first.id, first.outputs) == (second.id, second.outputs)
    assert second.drift() == []


def test_a_second_creation_takes_away_what_it_does_not_declare(bench, database):
    role = bench.role("role")
    grant(bench, database, role.name, "table", ["SELECT", "INSERT"])
    grant(bench, database, role.name, "table", ["SELECT"])
    assert holds(bench, database, "table", role.name, "app.one", "SELECT")
    assert not holds(bench, database, "table", role.name, "app.one", "INSERT")


def test_default_privileges_that_are_made_twice_are_the_same(bench, database):
    role, owner = bench.role("role"), bench.role("owner")
    given = {"database": database.name, "role": role.name, "owner": owner.name, "schema": "app"}
    first, second = (
        bench.create(DEFAULT_PRIVILEGES, **given, objectType="sequence", privileges=["USAGE"]) for _ in range(2)
    )
    assert (first.id, first.outputs) == (second.id, second.outputs)
    assert second.drift() == []


def test_a_grant_on_a_table_that_is_gone_can_be_deleted_and_the_others_lose_it(bench, database):
    role = bench.role("role")
    made = grant(bench, database, role.name, "table", ["SELECT"], objects=["one", "two"])
    bench.server.sql("DROP TABLE app.one", database.name)
    made.delete()
    assert not holds(bench, database, "table", role.name, "app.two", "SELECT")


def test_procedures_are_no_functions(bench, database):
    bench.server.sql(
        "CREATE FUNCTION app.f() RETURNS int LANGUAGE sql AS 'SELECT 1';"
        "CREATE PROCEDURE app.p() LANGUAGE sql AS 'SELECT 1'",
        database.name,
    )
    made = grant(bench, database, bench.role("role").name, "function", ["EXECUTE"])
    assert made.drift() == []


def test_an_overloaded_function_that_lost_the_privilege_shows(bench, database):
    for argument in ("int", "text"):
        make = f"CREATE FUNCTION app.f({argument}) RETURNS int LANGUAGE sql AS 'SELECT 1'"
        bench.server.sql(make, database.name)
    role = bench.role("role")
    for argument in ("int", "text"):
        made = grant(bench, database, role.name, "function", ["EXECUTE"])
        assert made.drift() == []
        bench.server.sql(f"REVOKE EXECUTE ON FUNCTION app.f({argument}) FROM {role.name}", database.name)
        assert made.drift() == ["privileges"]


def test_sixteen_threads_grant_on_one_server_without_an_error(bench, database):
    roles = [bench.role(f"role{number}") for number in range(16)]
    databases = [database, bench.database("second")]
    bench.create(SCHEMA, name="app", database=databases[1].name)

    def work(number: int) -> list[str]:
        role = roles[number].name
        made = [grant(bench, one, role, "database", ["CONNECT", "TEMPORARY"]) for one in databases]
        made += [grant(bench, one, role, "schema", ["USAGE"]) for one in databases]
        return [name for one in made for name in one.drift()]

    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(work, range(16))) == [[]] * 16
