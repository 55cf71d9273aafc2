"""Roles on a real server: attributes, memberships, settings, and that no password shows."""

from __future__ import annotations

import hashlib
import secrets

import psycopg
import pytest

from embedded.providers.base import ProviderError
from embedded.providers.postgresql import PostgresqlProvider
from embedded.values import reveal
from tests.embedded.providers.postgresql.conftest import DATABASE, ROLE, Bench, Made, PostgresServer

pytestmark = pytest.mark.integration


def attributes(server: PostgresServer, name: str, *columns: str) -> tuple[object, ...]:
    return server.sql(f"SELECT {', '.join(columns)} FROM pg_authid WHERE rolname = '{name}'")[0]


def who(bench: Bench, login: Made, password: str) -> str:
    """The user that a login's statements run as."""
    with bench.server.connect(user=login.name, password=password) as connection:
        row = connection.execute("SELECT current_user").fetchone()
    assert row is not None
    return str(row[0])


def test_a_login_gets_its_attributes_and_the_password_works(bench):
    password = secrets.token_urlsafe(12)
    login = bench.role("login", login=True, password=password, connectionLimit=3, createDatabase=True, inherit=False)
    columns = ("rolcanlogin", "rolconnlimit", "rolcreatedb", "rolinherit", "rolsuper", "rolcreaterole")
    assert attributes(bench.server, login.name, *columns) == (True, 3, True, False, False, False)
    assert who(bench, login, password) == login.name
    assert login.drift() == []


def test_a_limit_of_connections_holds_for_the_login(bench):
    password = secrets.token_urlsafe(12)
    login = bench.role("login", login=True, password=password, connectionLimit=1)
    refused = pytest.raises(psycopg.OperationalError, match="too many connections for role")
    with bench.server.connect(user=login.name, password=password), refused:
        bench.server.connect(user=login.name, password=password)


def test_changes_are_made_in_place_and_taken_back(bench):
    group = bench.role("group")
    settings = {"statementTimeout": 1500, "idleInTransactionSessionTimeout": 2500, "searchPaths": ["app", "public"]}
    login = bench.role("login", login=True)
    login.update(name=login.name, login=True, connectionLimit=7, roles=[group.name], **settings)
    assert login.drift() == []
    kept = attributes(bench.server, login.name, "rolconnlimit")
    config = bench.server.sql(f"SELECT rolconfig FROM pg_roles WHERE rolname = '{login.name}'")[0][0]
    assert kept == (7,)
    assert sorted(config) == [
        "idle_in_transaction_session_timeout=2500",
        "search_path=app, public",
        "statement_timeout=1500",
    ]
    login.update(name=login.name, login=True)
    assert login.drift() == []
    assert bench.server.sql(f"SELECT rolconfig FROM pg_roles WHERE rolname = '{login.name}'") == [(None,)]
    members = "SELECT 1 FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member WHERE r.rolname = "
    assert bench.server.sql(f"{members}'{login.name}'") == []


def test_a_rename_keeps_the_role_and_its_password(bench):
    password = secrets.token_urlsafe(12)
    login = bench.role("before", login=True, password=password)
    before = attributes(bench.server, login.name, "oid")
    login.update(name=bench.name("after"), login=True, password=password)
    assert login.id == bench.name("after")
    assert attributes(bench.server, bench.name("after"), "oid") == before
    assert who(bench, login, password) == bench.name("after")


def test_a_migrating_login_works_as_the_owner(bench):
    password, owner = secrets.token_urlsafe(12), bench.role("owner")
    login = bench.role("migrate", login=True, password=password, roles=[owner.name], assumeRole=owner.name)
    assert login.outputs["assumeRole"] == owner.name
    assert who(bench, login, password) == owner.name
    login.update(name=login.name, login=True, password=password, roles=[owner.name])
    assert who(bench, login, password) == login.name


def test_another_password_replaces_the_old_one_and_none_takes_it_away(bench):
    first, second = secrets.token_urlsafe(12), secrets.token_urlsafe(12)
    login = bench.role("login", login=True, password=first)
    login.update(name=login.name, login=True, password=second)
    assert who(bench, login, second) == login.name
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        who(bench, login, first)
    login.update(name=login.name, login=True)
    assert attributes(bench.server, login.name, "rolpassword") == (None,)
    assert login.drift() == []


def test_a_verifier_is_kept_as_it_is(bench):
    password = secrets.token_urlsafe(12)
    with bench.server.connect() as connection:
        verifier = connection.pgconn.encrypt_password(password.encode(), b"any", b"scram-sha-256").decode()
    login = bench.role("login", login=True, password=verifier)
    assert attributes(bench.server, login.name, "rolpassword") == (verifier,)
    assert who(bench, login, password) == login.name
    assert login.drift() == []


def test_a_password_that_looks_like_a_verifier_is_hashed_all_the_same(bench):
    login = bench.role("login", login=True, password="md5-is-not-a-hash")
    assert str(attributes(bench.server, login.name, "rolpassword")[0]).startswith("SCRAM-SHA-256$4096:")
    assert who(bench, login, "md5-is-not-a-hash") == login.name


def test_a_hash_of_the_old_kind_is_kept_as_it_is(bench):
    name = bench.name("login")
    hashed = "md5" + hashlib.md5(f"secret{name}".encode()).hexdigest()  # noqa: S324  PostgreSQL's own older form
    login = bench.role("login", login=True, password=hashed)
    assert attributes(bench.server, login.name, "rolpassword") == (hashed,)


def test_no_plain_password_reaches_the_server_or_its_log(bench):
    first, second = f"plain-{secrets.token_hex(8)}", f"plain-{secrets.token_hex(8)}"
    login = bench.role("login", login=True, password=first)
    login.update(name=login.name, login=True, password=second)
    seen = " ".join(str(row) for row in bench.server.sql("SELECT query FROM pg_stat_activity"))
    log = bench.server.logs()
    assert f'ALTER ROLE "{login.name}"' in log
    for password in (first, second):
        assert password not in log
        assert password not in seen


def test_a_failure_shows_neither_the_password_nor_the_statement(bench):
    password = f"plain-{secrets.token_hex(8)}"
    bench.role("login")
    with pytest.raises(ProviderError) as caught:
        bench.role("login", login=True, password=password)
    assert bench.name("login") in str(caught.value)
    assert "already exists" in str(caught.value)
    assert password not in str(caught.value)
    assert "SCRAM" not in str(caught.value)


def test_an_end_of_validity_in_another_spelling_is_no_drift(bench):
    role = bench.role("guest", login=True, validUntil="2031-02-03T04:05:06Z")
    assert attributes(bench.server, role.name, "rolvaliduntil = '2031-02-03 04:05:06+00'") == (True,)
    assert role.drift() == []
    bench.server.sql(f"ALTER ROLE {role.name} VALID UNTIL '2032-01-01'")
    assert role.drift() == ["validUntil"]


def test_what_was_altered_by_hand_shows_after_a_read(bench):
    group, role = bench.role("group"), bench.role("role", login=True, statementTimeout=1000)
    bench.server.sql(f"ALTER ROLE {role.name} SET statement_timeout TO '2s'")
    bench.server.sql(f"GRANT {group.name} TO {role.name}")
    bench.server.sql(f"ALTER ROLE {role.name} CREATEDB")
    assert role.drift() == ["createDatabase", "roles", "statementTimeout"]


def test_a_role_that_owns_objects_and_has_privileges_can_go(bench):
    role = bench.role("role")
    bench.server.sql(f"CREATE TABLE {role.name}_table (); ALTER TABLE {role.name}_table OWNER TO {role.name}")
    role.delete()
    assert bench.server.sql(f"SELECT tableowner FROM pg_tables WHERE tablename = '{role.name}_table'") == [
        ("postgres",)
    ]
    bench.server.sql(f"DROP TABLE {role.name}_table")
    assert not role.refresh()
    role.delete()


def test_a_role_that_still_owns_a_database_stays_and_the_message_says_why(bench):
    role = bench.role("owner")
    database = bench.create(DATABASE, name=bench.name("db"), owner=role.name)
    bench.server.sql("CREATE SCHEMA own AUTHORIZATION " + role.name, database.name)
    with pytest.raises(ProviderError, match=f"'{role.name}'.*depend on it.*{database.name}"):
        role.delete()
    database.delete()
    role.delete()
    assert bench.provider.read(ROLE, role.name, {}, {}) is None


def test_an_import_by_name_finds_the_role(bench):
    role = bench.role("role", login=True, connectionLimit=4)
    found = bench.provider.read(ROLE, role.id, {}, {})
    assert found is not None
    assert (found.inputs["name"], found.inputs["login"], found.inputs["connectionLimit"]) == (role.name, True, 4)


def test_an_admin_that_is_no_superuser_manages_the_roles_that_it_made(bench):
    password = secrets.token_urlsafe(12)
    boss = bench.role("boss", login=True, createRole=True, createDatabase=True, password=password)
    settings = {**bench.server.settings, "username": boss.name, "password": password, "superuser": "false"}
    provider = PostgresqlProvider()
    provider.configure(settings)
    verifier = "SCRAM-SHA-256$4096:c2FsdA==$" + "A" * 43 + "=:" + "B" * 43 + "="
    name = f"{boss.name}_made"
    inputs = reveal(provider.check(ROLE, "it", {}, {"name": name, "login": True, "password": verifier}).inputs)
    id, outputs = provider.create(ROLE, "it", inputs, preview=False, timeout=None)
    assert reveal(outputs)["password"] == verifier, "it can't be read, and is taken as known"
    changed = {**inputs, "connectionLimit": 4, "login": False, "statementTimeout": 1500}
    outputs = provider.update(ROLE, id, inputs, reveal(outputs), changed, preview=False, timeout=None)
    assert attributes(bench.server, name, "rolconnlimit", "rolcanlogin") == (4, False)
    with bench.server.connect(user=boss.name, password=password) as connection:
        connection.execute(f"GRANT {name} TO CURRENT_USER")
    provider.delete(ROLE, id, changed, reveal(outputs), timeout=None)
    assert bench.server.sql(f"SELECT 1 FROM pg_roles WHERE rolname = '{name}'") == []
