"""The text of the policy and of the helper, and what is said when it can't be installed. On Docker: integration."""

from __future__ import annotations

import pytest

from operate import readers, row_level_security, step
from operate.row_level_security import TYPES, Tenancy, statements

SERVER = {"PGHOST": "127.0.0.1", "PGPORT": "1", "PGDATABASE": "shop", "PGUSER": "admin", "PGPASSWORD": "hunter2"}
RLS = {
    "RLS_OWNER": "shop_owner",
    "RLS_COLUMN": "tenant_id",
    "RLS_SETTING": "app.current_tenant_id",
    "RLS_TYPE": "uuid",
    "RLS_STRICT": "false",
}


def text(tenancy: Tenancy) -> str:
    return ";\n".join(one.as_string(None) for one in statements(tenancy, "shop_owner"))


def test_the_tenant_is_null_where_the_setting_is_not_set_or_empty():
    assert Tenancy().expression == "NULLIF(current_setting('app.current_tenant_id', true), '')::uuid"


def test_a_strict_tenant_holds_for_the_transaction_that_has_set_it():
    strict = Tenancy(setting="acme.tenant", type="bigint", strict=True)
    assert strict.expression == (
        "CASE WHEN current_setting('acme.tenant_at', true) = extract(epoch FROM transaction_timestamp())::text"
        " THEN NULLIF(current_setting('acme.tenant', true), '')::bigint END"
    )
    assert "set_config('acme.tenant', tenant::text, true)" in text(strict)


@pytest.mark.parametrize("kind", TYPES)
def test_of_set_tenant_there_is_the_one_with_the_declared_type(kind):
    said = text(Tenancy(type=kind))
    assert f"CREATE OR REPLACE FUNCTION data_tier.set_tenant(tenant {kind})" in said
    assert {one for one in TYPES if f"DROP FUNCTION IF EXISTS data_tier.set_tenant({one})" in said} == {*TYPES} - {kind}


def test_the_functions_run_as_their_caller_with_a_pinned_search_path():
    said = text(Tenancy())
    assert said.count("CREATE OR REPLACE FUNCTION") == 2
    assert said.count("SECURITY INVOKER SET search_path = pg_catalog, pg_temp") == 2
    assert "SECURITY DEFINER" not in said


def test_only_the_owner_puts_tables_under_it():
    said = text(Tenancy())
    assert "REVOKE EXECUTE ON FUNCTION data_tier.enable_row_level_security(regclass, name) FROM PUBLIC" in said
    assert 'data_tier.enable_row_level_security(regclass, name) TO "shop_owner"' in said


@pytest.mark.parametrize(
    ("module", "name", "more", "about"),
    [
        (row_level_security, "install", RLS, "row-level security in shop on 127.0.0.1:1"),
        (readers, "guard", {"READER_LOGINS": "x_a,x_b"}, "guard readers in shop on 127.0.0.1:1"),
        *(
            (readers, what, {"READER": "x", "READER_OWNER": "o", "READER_APP": "s"}, f"cannot {what} readers")
            for what in ("grant", "revoke")
        ),
    ],
)
def test_a_server_that_does_not_answer_is_named_without_a_password(module, name, more, about, capsys, monkeypatch):
    for key, value in SERVER.items():
        monkeypatch.setenv(key, value)
    assert step.run(module.STEPS[name], {**SERVER, **more}) == 1
    said = capsys.readouterr().err
    assert about in said
    assert len(said.strip().splitlines()) == 1
    assert "hunter2" not in said
