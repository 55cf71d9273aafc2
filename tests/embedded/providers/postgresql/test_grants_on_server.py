"""Grants and default privileges on a real server: the privileges of a role are what is declared, no more, no less."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from embedded.providers.base import ProviderError
from tests.embedded.providers.postgresql.conftest import DEFAULT_PRIVILEGES, EXTENSION, GRANT, Bench, Made

pytestmark = pytest.mark.integration
SETUP = """
    CREATE SCHEMA app;
    CREATE TABLE app.orders (id int); CREATE TABLE app.items (id int); CREATE VIEW app.both AS SELECT 1 AS one;
    CREATE SEQUENCE app.numbers;
    CREATE FUNCTION app.answer() RETURNS int LANGUAGE sql AS 'SELECT 42'"""


@pytest.fixture
def shop(bench: Bench) -> Made:
    """A database with some of everything that privileges can be on."""
    database = bench.database("shop")
    bench.server.sql(SETUP, database.name)
    return database


def grant(bench: Bench, shop: Made, role: str, kind: str, privileges: list[str], **more: Any) -> Made:
    schema = {} if kind == "database" else {"schema": "app"}
    given = {"database": shop.name, "role": role, "objectType": kind, "privileges": privileges}
    return bench.create(GRANT, **{**given, **schema, **more})


def may(bench: Bench, shop: Made, role: str, kind: str, name: str, privilege: str) -> bool:
    return bool(bench.server.sql(f"SELECT has_{kind}_privilege('{role}', '{name}', '{privilege}')", shop.name)[0][0])


@pytest.mark.parametrize(
    ("kind", "name", "privilege"),
    [
        ("schema", "app", "USAGE"),
        ("table", "app.orders", "SELECT"),
        ("table", "app.both", "SELECT"),
        ("sequence", "app.numbers", "USAGE"),
        ("function", "app.answer()", "EXECUTE"),
    ],
)
def test_a_grant_gives_shows_no_drift_and_is_taken_back(bench: Bench, shop: Made, kind: str, name: str, privilege: str):
    role = bench.role("app")
    bench.server.sql("REVOKE ALL ON ALL FUNCTIONS IN SCHEMA app FROM PUBLIC", shop.name)
    made = grant(bench, shop, role.name, kind, [privilege])
    assert made.id == f"{role.name}_{shop.name}_app_{kind}"
    assert may(bench, shop, role.name, kind, name, privilege)
    assert made.drift() == []
    made.delete()
    assert not may(bench, shop, role.name, kind, name, privilege)
    made.delete()


def test_public_loses_the_database_and_another_role_keeps_it(bench: Bench, shop: Made) -> None:
    role = bench.role("app", login=True, password="x-x-x-x-x")
    other = bench.role("other", login=True, password="x-x-x-x-x")
    nothing = grant(bench, shop, "public", "database", [])
    grant(bench, shop, role.name, "database", ["CONNECT"])
    assert nothing.id == f"public_{shop.name}_database"
    assert nothing.drift() == []
    bench.server.connect(shop.name, role.name, "x-x-x-x-x").close()
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        bench.server.connect(shop.name, other.name, "x-x-x-x-x")
    bench.server.sql(f"GRANT CONNECT ON DATABASE {shop.name} TO PUBLIC")
    assert nothing.drift() == ["privileges"]


def test_only_the_named_objects_are_granted(bench: Bench, shop: Made) -> None:
    role = bench.role("app")
    made = grant(bench, shop, role.name, "table", ["SELECT"], objects=["orders", "both"])
    assert may(bench, shop, role.name, "table", "app.orders", "SELECT")
    assert not may(bench, shop, role.name, "table", "app.items", "SELECT")
    assert made.drift() == []
    # the order of a set in Terraform's SDK: by crc32 of the name, as text
    assert made.id == f"{role.name}_{shop.name}_app_table_orders_both"


def test_privileges_change_in_place_to_what_is_declared(bench: Bench, shop: Made) -> None:
    role = bench.role("app")
    made = grant(bench, shop, role.name, "table", ["SELECT", "INSERT"])
    given = {"database": shop.name, "role": role.name, "objectType": "table", "schema": "app"}
    made.update(**given, privileges=["SELECT", "UPDATE"])
    assert made.drift() == []
    assert may(bench, shop, role.name, "table", "app.items", "UPDATE")
    assert not may(bench, shop, role.name, "table", "app.items", "INSERT")


@pytest.mark.parametrize("change", ["REVOKE SELECT ON app.items FROM {}", "GRANT DELETE ON app.items TO {}"])
def test_less_and_more_than_declared_show_after_a_read(bench: Bench, shop: Made, change: str) -> None:
    role = bench.role("app")
    made = grant(bench, shop, role.name, "table", ["SELECT", "INSERT"])
    bench.server.sql(change.format(role.name), shop.name)
    assert made.drift() == ["privileges"]


def test_a_table_made_later_shows_as_drift(bench: Bench, shop: Made) -> None:
    role = bench.role("app")
    made = grant(bench, shop, role.name, "table", ["SELECT"])
    bench.server.sql("CREATE TABLE app.later (id int)", shop.name)
    assert made.drift() == ["privileges"]


def test_all_stands_for_every_privilege_and_stays_so(bench: Bench, shop: Made) -> None:
    role = bench.role("app")
    made = grant(bench, shop, role.name, "table", ["ALL"])
    assert made.outputs["privileges"] == ["ALL"]
    assert made.drift() == []
    bench.server.sql(f"REVOKE DELETE ON app.items FROM {role.name}", shop.name)
    assert made.drift() == ["privileges"]


def test_the_grant_option_is_given(bench: Bench, shop: Made) -> None:
    role = bench.role("app")
    made = grant(bench, shop, role.name, "table", ["SELECT"], withGrantOption=True)
    assert made.drift() == []
    assert may(bench, shop, role.name, "table", "app.orders", "SELECT WITH GRANT OPTION")


def test_a_grant_is_gone_with_its_role_schema_or_database(bench: Bench, shop: Made) -> None:
    first, second = bench.role("first"), bench.role("second")
    of_role, of_schema = (grant(bench, shop, role.name, "schema", ["USAGE"]) for role in (first, second))
    bench.server.sql(f"DROP OWNED BY {first.name}", shop.name)
    first.delete()
    assert of_role.refresh() is False
    of_role.delete()
    bench.server.sql("DROP SCHEMA app CASCADE", shop.name)
    assert of_schema.refresh() is False
    of_schema.delete()
    shop.delete()
    assert of_schema.refresh() is False
    of_schema.delete()


def test_a_grant_on_what_is_not_there_says_so(bench: Bench, shop: Made) -> None:
    with pytest.raises(ProviderError, match="does not exist"):
        grant(bench, shop, bench.name("nobody"), "database", ["CONNECT"])


def defaults(bench: Bench, shop: Made, owner: Made, role: str, kind: str, privileges: list[str], **more: Any) -> Made:
    given = {"database": shop.name, "owner": owner.name, "role": role, "objectType": kind, "privileges": privileges}
    return bench.create(DEFAULT_PRIVILEGES, **given, **more)


@pytest.mark.parametrize("schema", ["app", None])
def test_default_privileges_hold_for_what_the_owner_makes_later(bench: Bench, shop: Made, schema: str | None) -> None:
    owner, role = bench.role("owner"), bench.role("app")
    where = {"schema": schema} if schema else {}
    made = defaults(bench, shop, owner, role.name, "table", ["SELECT", "INSERT"], **where)
    assert made.id == f"{role.name}_{shop.name}_{schema or 'noschema'}_{owner.name}_table"
    assert made.drift() == []
    bench.server.sql(
        f"GRANT ALL ON SCHEMA app TO {owner.name}; SET ROLE {owner.name}; CREATE TABLE app.new (id int)", shop.name
    )
    assert may(bench, shop, role.name, "table", "app.new", "SELECT")
    assert not may(bench, shop, role.name, "table", "app.new", "DELETE")
    given = {"database": shop.name, "owner": owner.name, "role": role.name, "objectType": "table", **where}
    made.update(**given, privileges=["DELETE"])
    assert made.drift() == []
    made.delete()
    assert made.refresh() is False
    made.delete()


def test_public_may_lose_what_it_has_by_default(bench: Bench, shop: Made) -> None:
    owner = bench.role("owner")
    made = defaults(bench, shop, owner, "public", "function", [])
    assert made.drift() == []
    make = "CREATE FUNCTION app.hidden() RETURNS int LANGUAGE sql AS 'SELECT 1'"
    bench.server.sql(f"GRANT ALL ON SCHEMA app TO {owner.name}; SET ROLE {owner.name}; {make}", shop.name)
    assert not may(bench, shop, "public", "function", "app.hidden()", "EXECUTE")
    undo = f"ALTER DEFAULT PRIVILEGES FOR ROLE {owner.name} GRANT EXECUTE ON FUNCTIONS TO PUBLIC"
    bench.server.sql(undo, shop.name)
    assert made.drift() == ["privileges"]


def test_an_owner_that_has_everything_by_default_shows_no_drift(bench: Bench, shop: Made) -> None:
    owner = bench.role("owner")
    assert defaults(bench, shop, owner, owner.name, "sequence", ["ALL"]).drift() == []


def test_many_at_once_on_one_server_do_not_collide(bench: Bench, shop: Made) -> None:
    group = bench.role("group")

    def one(number: int) -> list[str]:
        role = bench.role(f"app{number}", login=True, password=f"password-{number}", roles=[group.name])
        parts = [
            role,
            grant(bench, shop, role.name, "database", ["CONNECT"]),
            grant(bench, shop, role.name, "schema", ["USAGE"]),
            grant(bench, shop, role.name, "table", ["SELECT"]),
            defaults(bench, shop, group, role.name, "table", ["SELECT"]),
            bench.create(EXTENSION, name="pg_trgm", database=shop.name),
        ]
        return [name for part in parts for name in part.drift()]

    with ThreadPoolExecutor(12) as pool:
        assert list(pool.map(one, range(12))) == [[]] * 12
    sessions = bench.server.sql("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'data-tier'")
    assert sessions[0][0] <= 8, "idle connections are kept low"
