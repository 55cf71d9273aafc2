"""Installs the functions by which migrations put tables under row-level security, and apps say who their tenant is.

Run as `python -m operate.row_level_security install`, with everything in the environment, so that no password is in a
command line: PGHOST, PGPORT, PGUSER, PGPASSWORD and PGDATABASE of the admin, RLS_OWNER (the database's owner),
RLS_COLUMN, RLS_SETTING and RLS_TYPE (of a tenant), RLS_STRICT (true or false). Owns the text of the policy. Tables that
have one already keep it as it is: `./operatew rls check` says which differ. Needs PostgreSQL 15 or newer.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from typing import Any, Final

import psycopg
from psycopg import sql

from operate import step
from operate.step import Environment

SCHEMA: Final = "data_tier"
POLICY: Final = "data_tier_tenant"
TYPES: Final = ("uuid", "bigint", "integer", "text")
_NOW: Final = "extract(epoch FROM transaction_timestamp())::text"
_SET_TENANT: Final = """
CREATE OR REPLACE FUNCTION data_tier.set_tenant(tenant {type}) RETURNS void
LANGUAGE sql SECURITY INVOKER SET search_path = pg_catalog, pg_temp
AS $body$
    SELECT pg_catalog.set_config({setting}, tenant::text, true), pg_catalog.set_config({mark}, {now}, true)
$body$"""
# a partition that is asked for by its own name has its own policies, and without one it has none
_ENABLE: Final = """
CREATE OR REPLACE FUNCTION data_tier.enable_row_level_security(target regclass, tenant_column name DEFAULT {column})
RETURNS void LANGUAGE plpgsql SECURITY INVOKER SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
    part regclass;
    theirs record;
BEGIN
    FOR part IN SELECT target UNION SELECT relid FROM pg_partition_tree(target) LOOP
        SELECT format_type(atttypid, NULL) AS kind, attnotnull INTO theirs
          FROM pg_attribute WHERE attrelid = part AND attname = tenant_column AND NOT attisdropped;
        IF NOT FOUND THEN
            RAISE EXCEPTION '% has no column %', part, tenant_column
                USING ERRCODE = 'undefined_column', HINT = 'Add it, or name the column as second argument.';
        ELSIF theirs.kind <> {kind} THEN
            RAISE EXCEPTION '%.% is of type %, and a tenant is of type %', part, tenant_column, theirs.kind, {kind}
                USING ERRCODE = 'datatype_mismatch', HINT = 'The stack file says it in row_level_security.type.';
        ELSIF NOT theirs.attnotnull THEN
            RAISE EXCEPTION '%.% may be null, and nobody would see a row without a tenant', part, tenant_column
                USING ERRCODE = 'not_null_violation', HINT = 'ALTER TABLE ... ALTER COLUMN ... SET NOT NULL first.';
        END IF;
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', part);
        EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', part);
        EXECUTE format('DROP POLICY IF EXISTS data_tier_tenant ON %s', part);
        EXECUTE format('CREATE POLICY data_tier_tenant ON %1$s USING (%2$I = %3$s) WITH CHECK (%2$I = %3$s)',
                       part, tenant_column, {expression});
    END LOOP;
END
$body$"""


@dataclass(frozen=True, kw_only=True)
class Tenancy:
    """How rows tell their tenant: the default column, the setting that names the present one, and their type.

    `strict`: only a transaction that has called set_tenant() has one.
    """

    column: str = "tenant_id"
    setting: str = "app.current_tenant_id"
    type: str = "uuid"
    strict: bool = False

    @property
    def mark(self) -> str:
        """The setting in which set_tenant() leaves the transaction's own time."""
        return f"{self.setting}_at"

    @property
    def expression(self) -> str:
        """The present tenant as SQL; null where there is none, also where the setting was set before and is empty.

        The settings' names are checked before: letters, digits, underscores and a dot.
        """
        tenant = f"NULLIF(current_setting('{self.setting}', true), '')::{self.type}"
        return f"CASE WHEN current_setting('{self.mark}', true) = {_NOW} THEN {tenant} END" if self.strict else tenant


def statements(tenancy: Tenancy, owner: str) -> list[sql.Composed]:
    """The statements that install the functions for `owner`, whose migrations call them. Idempotent."""
    who, literal = sql.Identifier(owner), sql.Literal
    of = {"type": sql.SQL(tenancy.type), "now": sql.SQL(_NOW)}
    others = [one for one in TYPES if one != tenancy.type]
    function = "data_tier.enable_row_level_security(regclass, name)"
    texts = [
        "CREATE SCHEMA IF NOT EXISTS data_tier",
        "GRANT USAGE ON SCHEMA data_tier TO PUBLIC",  # in a database that only its own roles and readers enter
        *(f"DROP FUNCTION IF EXISTS data_tier.set_tenant({one})" for one in others),
    ]
    return [
        *(sql.SQL(text).format() for text in texts),
        sql.SQL(_SET_TENANT).format(setting=literal(tenancy.setting), mark=literal(tenancy.mark), **of),
        sql.SQL(_ENABLE).format(
            column=literal(tenancy.column), kind=literal(tenancy.type), expression=literal(tenancy.expression)
        ),
        sql.SQL(f"REVOKE EXECUTE ON FUNCTION {function} FROM PUBLIC").format(),
        sql.SQL(f"GRANT EXECUTE ON FUNCTION {function} TO {{}}").format(who),
        sql.SQL("GRANT EXECUTE ON FUNCTION data_tier.set_tenant({}) TO PUBLIC").format(of["type"]),
    ]


def install(server: psycopg.Connection[Any], tenancy: Tenancy, owner: str) -> None:
    """Run the statements in the transaction of `server`. Raises psycopg.Error."""
    for statement in statements(tenancy, owner):
        server.execute(statement)


def _install(environment: Environment) -> None:
    where = f"{environment['PGDATABASE']} on {step.server(environment)}"
    tenancy = Tenancy(
        column=environment["RLS_COLUMN"],
        setting=environment["RLS_SETTING"],
        type=environment["RLS_TYPE"],
        strict=environment["RLS_STRICT"] == "true",
    )
    owner = environment["RLS_OWNER"]
    with (
        step.telling(f"cannot install row-level security in {where}", psycopg.Error),
        psycopg.connect(connect_timeout=10, application_name="data-tier row-level security") as server,
    ):
        install(server, tenancy, owner)


STEPS: Final = {"install": _install}


if __name__ == "__main__":
    sys.exit(step.main("row_level_security", STEPS, sys.argv[1:], os.environ))
