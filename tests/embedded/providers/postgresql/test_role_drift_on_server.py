"""Roles on a real server: what a read finds of changes made by hand, and what stays when a role goes."""

from __future__ import annotations

import psycopg
import pytest

from embedded.values import Secret
from tests.embedded.providers.postgresql.conftest import Bench

pytestmark = pytest.mark.integration
PASSWORD = "correct-horse-battery"


def log_in(bench: Bench, role: str, password: str) -> str:
    with bench.server.connect(user=role, password=password) as connection:
        row = connection.execute("SELECT session_user || '/' || current_user").fetchone()
    assert row is not None
    return str(row[0])


def verifier(bench: Bench, role: str) -> str:
    return str(bench.server.sql(f"SELECT rolpassword FROM pg_authid WHERE rolname = '{role}'")[0][0])


def test_a_role_has_every_attribute_and_no_drift(bench: Bench) -> None:
    group = bench.role("group")
    role = bench.role(
        "all",
        login=True,
        password=PASSWORD,
        connectionLimit=3,
        roles=[group.name],
        assumeRole=group.name,
        searchPaths=["app", "Odd Name", "public"],
        statementTimeout=5000,
        idleInTransactionSessionTimeout=7000,
        createDatabase=True,
        createRole=True,
        inherit=False,
        replication=True,
        bypassRowLevelSecurity=True,
        validUntil="2099-01-01 00:00:00+00",
    )
    assert role.outputs["password"] == Secret(PASSWORD)
    assert role.drift() == []
    assert role.outputs["searchPaths"] == ["app", "Odd Name", "public"]
    assert log_in(bench, role.name, PASSWORD) == f"{role.name}/{group.name}"


def test_what_a_role_no_longer_declares_is_taken_back(bench: Bench) -> None:
    first, second = bench.role("first"), bench.role("second")
    role = bench.role(
        "member", login=True, roles=[first.name], assumeRole=first.name, statementTimeout=5, searchPaths=["a"]
    )
    role.update(login=False, roles=[second.name], connectionLimit=2, name=role.name)
    assert role.drift() == []
    assert role.outputs["roles"] == [second.name]
    assert (role.outputs["assumeRole"], role.outputs["statementTimeout"]) == ("", 0)
    assert not role.outputs["searchPaths"]
    with pytest.raises(psycopg.OperationalError):
        log_in(bench, role.name, PASSWORD)


def test_changes_made_by_hand_show_after_a_read_and_are_mended(bench: Bench) -> None:
    role = bench.role("drifting", login=True, connectionLimit=5)
    bench.server.sql(f"ALTER ROLE {role.name} CONNECTION LIMIT 9 NOLOGIN SUPERUSER")
    assert role.drift() == ["connectionLimit", "login", "superuser"]
    role.update(name=role.name, login=True, connectionLimit=5)
    assert role.drift() == []


def test_an_update_of_something_else_keeps_the_password_as_it_is(bench: Bench) -> None:
    role = bench.role("steady", login=True, password=PASSWORD)
    before = verifier(bench, role.name)
    role.update(name=role.name, login=True, password=PASSWORD, connectionLimit=4)
    assert verifier(bench, role.name) == before


def test_a_verifier_passes_as_it_is_and_a_password_changed_by_hand_shows(bench: Bench) -> None:
    kept = verifier(bench, bench.role("source", login=True, password=PASSWORD).name)
    role = bench.role("verified", login=True, password=kept)
    assert verifier(bench, role.name) == kept
    assert log_in(bench, role.name, PASSWORD).startswith(role.name)
    assert role.drift() == []
    bench.server.sql(f"ALTER ROLE {role.name} PASSWORD 'changed-by-hand'")
    assert role.drift() == ["password"]


def test_a_password_changed_by_hand_is_invisible_where_it_was_declared_in_plain(bench: Bench) -> None:
    role = bench.role("plain", login=True, password=PASSWORD)
    bench.server.sql(f"ALTER ROLE {role.name} PASSWORD 'changed-by-hand'")
    assert role.drift() == []


def test_names_are_quoted_whatever_they_hold(bench: Bench) -> None:
    role = bench.role('odd "name"; DROP ROLE postgres --', login=True, searchPaths=['quo"ted'])
    assert role.drift() == []
    role.delete()
    assert role.refresh() is False


def test_what_a_deleted_role_owned_stays_and_belongs_to_the_administrator(bench: Bench) -> None:
    role = bench.role("owner")
    bench.server.sql(f"CREATE SCHEMA {role.name}_things AUTHORIZATION {role.name}")
    role.delete()
    query = f"SELECT pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = '{role.name}_things'"
    assert bench.server.sql(query) == [("postgres",)]
    bench.server.sql(f"DROP SCHEMA {role.name}_things")


def test_deleting_twice_is_success_and_a_role_may_be_left_behind(bench: Bench) -> None:
    role = bench.role("twice")
    role.delete()
    role.delete()
    assert role.refresh() is False
    left = bench.role("left", skipDropRole=True)
    left.delete()
    assert left.refresh() is True
