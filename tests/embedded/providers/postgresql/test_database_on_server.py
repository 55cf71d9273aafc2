"""Databases, and schemas and extensions inside them, on a real server."""

from __future__ import annotations

import psycopg
import pytest

from embedded.providers.base import ProviderError
from tests.embedded.providers.postgresql.conftest import DATABASE, EXTENSION, SCHEMA, Bench, PostgresServer

pytestmark = pytest.mark.integration


def facts(server: PostgresServer, name: str, *columns: str) -> tuple[object, ...]:
    return server.sql(f"SELECT {', '.join(columns)} FROM pg_database WHERE datname = '{name}'")[0]


def test_a_database_is_made_as_declared_and_read_back_without_difference(bench):
    owner = bench.role("owner")
    made = bench.database(owner=owner.name, connectionLimit=5, lcCollate="C", lcCtype="C", encoding="UTF8")
    found = facts(bench.server, made.name, "pg_get_userbyid(datdba)", "datconnlimit", "datcollate")
    assert found == (owner.name, 5, "C")
    assert made.drift() == []


def test_limit_and_owner_change_in_place(bench):
    first, second = bench.role("first"), bench.role("second")
    made = bench.database(owner=first.name)
    oid = facts(bench.server, made.name, "oid")
    made.update(name=made.name, owner=second.name, connectionLimit=9, allowConnections=False)
    columns = ("oid", "pg_get_userbyid(datdba)", "datconnlimit", "datallowconn")
    assert facts(bench.server, made.name, *columns) == (*oid, second.name, 9, False)
    assert made.drift() == []


def test_a_rename_keeps_what_is_in_the_database_and_the_id_follows(bench):
    made = bench.database("before")
    schema = bench.create(SCHEMA, name="app", database=made.name)
    schema.refresh()  # leaves a connection of the provider's own inside
    made.update(name=bench.name("after"))
    assert made.id == bench.name("after")
    assert bench.server.sql("SELECT 1 FROM pg_namespace WHERE nspname = 'app'", bench.name("after")) == [(1,)]


def test_a_rename_under_somebody_s_session_fails_and_says_so(bench):
    made = bench.database("before")
    with bench.server.connect(made.name), pytest.raises(ProviderError, match="being accessed by other users"):
        made.update(name=bench.name("after"))
    assert made.refresh()


def test_a_database_goes_with_the_sessions_inside_it(bench):
    made = bench.database()
    session = bench.server.connect(made.name)
    bench.create(SCHEMA, name="app", database=made.name)
    made.delete()
    with pytest.raises(psycopg.OperationalError):
        session.execute("SELECT 1")
    assert not made.refresh()
    made.delete()


def test_a_template_can_go_too(bench):
    made = bench.database(isTemplate=True)
    assert made.outputs["isTemplate"] is True
    made.delete()
    assert not made.refresh()


def test_a_name_that_is_taken_is_an_error_and_not_a_takeover(bench):
    made = bench.database()
    with pytest.raises(ProviderError, match=f"'{made.name}'.*already exists"):
        bench.database()


def test_changes_by_hand_show_after_a_read(bench):
    made = bench.database(connectionLimit=5)
    bench.server.sql(f"ALTER DATABASE {made.name} CONNECTION LIMIT 6")
    assert made.drift() == ["connectionLimit"]


def test_an_import_by_name_finds_the_database(bench):
    made = bench.database(connectionLimit=5)
    found = bench.provider.read(DATABASE, made.id, {}, {})
    assert found is not None
    assert (found.inputs["name"], found.inputs["connectionLimit"]) == (made.name, 5)


def test_a_schema_gets_its_owner_and_changes_name_and_owner_in_place(bench):
    owner, other, database = bench.role("owner"), bench.role("other"), bench.database()
    schema = bench.create(SCHEMA, name="app", database=database.name, owner=owner.name)
    assert (schema.id, schema.outputs["owner"]) == (f"{database.name}.app", owner.name)
    schema.update(name="app2", database=database.name, owner=other.name)
    assert (schema.id, schema.outputs["owner"]) == (f"{database.name}.app2", other.name)
    assert schema.drift() == []


def test_an_existing_schema_is_taken_over_unless_that_is_forbidden(bench):
    database = bench.database()
    public = bench.create(SCHEMA, name="public", database=database.name)
    assert public.drift() == []
    with pytest.raises(ProviderError, match="already exists"):
        bench.create(SCHEMA, name="public", database=database.name, ifNotExists=False)


def test_a_schema_with_tables_goes_only_where_cascade_says_so(bench):
    database = bench.database()
    schema = bench.create(SCHEMA, name="app", database=database.name)
    bench.server.sql("CREATE TABLE app.t ()", database.name)
    with pytest.raises(ProviderError, match=r"table app\.t depends on schema app"):
        schema.delete()
    schema.update(name="app", database=database.name, dropCascade=True)
    schema.delete()
    assert not schema.refresh()
    schema.delete()


def test_without_a_database_schemas_and_extensions_are_gone_and_their_deletion_is_success(bench):
    database = bench.database()
    schema = bench.create(SCHEMA, name="app", database=database.name)
    extension = bench.create(EXTENSION, name="vector", database=database.name)
    database.delete()
    for made in (schema, extension):
        assert not made.refresh()
        made.delete()


def test_an_extension_is_made_once_and_moves_to_another_schema_in_place(bench):
    database = bench.database()
    bench.create(SCHEMA, name="ext", database=database.name)
    extension = bench.create(EXTENSION, name="vector", database=database.name)
    assert (extension.id, extension.outputs["schema"]) == (f"{database.name}.vector", "public")
    again = bench.create(EXTENSION, name="vector", database=database.name)
    assert again.outputs == extension.outputs
    extension.update(name="vector", database=database.name, schema="ext")
    assert extension.outputs["schema"] == "ext"
    assert extension.drift() == []
    extension.delete()
    assert not extension.refresh()
    extension.delete()


def test_an_extension_that_the_server_does_not_have_is_an_error_with_its_name(bench):
    database = bench.database()
    with pytest.raises(ProviderError, match=r"creating extension 'no_such'.*not available"):
        bench.create(EXTENSION, name="no_such", database=database.name)


def test_names_with_quotes_are_names_and_nothing_else(bench: Bench):
    strange = f'{bench.prefix} "; DROP TABLE x; --'
    made = bench.create(DATABASE, name=strange)
    schema = bench.create(SCHEMA, name="a'b{}%s", database=strange)
    assert (made.drift(), schema.drift()) == ([], [])
    made.delete()
    assert not made.refresh()
