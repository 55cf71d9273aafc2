"""Databases on a real server: what they take from their template, and who owns what is in them."""

from __future__ import annotations

import pytest

from tests.embedded.providers.postgresql.conftest import SCHEMA, Bench

pytestmark = pytest.mark.integration


def test_without_a_collation_a_database_has_that_of_its_template(bench: Bench) -> None:
    database = bench.database()
    expected = bench.server.sql("SELECT datcollate FROM pg_database WHERE datname = 'template0'")[0][0]
    assert database.outputs["lcCollate"] == expected


def test_a_database_is_copied_from_a_template_that_was_just_used(bench: Bench) -> None:
    template = bench.database("template", isTemplate=True)
    bench.create(SCHEMA, name="inside", database=template.name)
    copy = bench.database("copy", template=template.name)
    assert copy.drift() == []
    assert bench.server.sql("SELECT 1 FROM pg_namespace WHERE nspname = 'inside'", copy.name)


def test_what_is_in_a_database_keeps_its_owner_when_the_database_changes_hands(bench: Bench) -> None:
    first, second = bench.role("first"), bench.role("second")
    database = bench.database(owner=first.name)
    bench.server.sql(f"CREATE TABLE kept (id int); ALTER TABLE kept OWNER TO {first.name}", database.name)
    database.update(name=bench.name("renamed"), owner=second.name, connectionLimit=2, allowConnections=True)
    assert database.id == bench.name("renamed")
    assert database.drift() == []
    assert bench.server.sql("SELECT tableowner FROM pg_tables WHERE tablename = 'kept'", database.name) == [
        (first.name,)
    ]


def test_objects_follow_a_new_owner_where_that_is_declared(bench: Bench) -> None:
    first, second = bench.role("first"), bench.role("second")
    database = bench.database(owner=first.name, alterObjectOwnership=True)
    bench.server.sql(f"CREATE TABLE moved (id int); ALTER TABLE moved OWNER TO {first.name}", database.name)
    database.update(name=database.name, owner=second.name, alterObjectOwnership=True)
    assert database.drift() == []
    assert bench.server.sql("SELECT tableowner FROM pg_tables WHERE tablename = 'moved'", database.name) == [
        (second.name,)
    ]
