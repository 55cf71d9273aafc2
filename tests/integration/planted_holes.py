"""Holes in row-level security that `operate rls check` is to find, what it says about each, and how it is asked.

Their statements are for the tables of tenants_stack.py: `PLANTED` for the owner, `ABOVE` for the admin, with what takes
them back.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from tests.integration.tenants_stack import Connection, Tenants

PLANTED: dict[str, tuple[tuple[str, ...], tuple[str, str, str]]] = {
    "a table without": (
        ("CREATE TABLE bare (tenant_id uuid NOT NULL)",),
        ("table", "bare", "names tenants and has no row-level security"),
    ),
    "a partition that came later": (
        ("CREATE TABLE days_2 PARTITION OF days FOR VALUES FROM ('2027-01-01') TO ('2028-01-01')",),
        ("table", "days_2", "names tenants and has no row-level security"),
    ),
    "a table without force": (
        ("ALTER TABLE lines NO FORCE ROW LEVEL SECURITY",),
        ("table", "lines", "is not under FORCE"),
    ),
    "a row without a tenant": (
        ("ALTER TABLE lines ALTER tenant_id DROP NOT NULL",),
        ("table", "lines", "may be without a tenant, and nobody sees such a row"),
    ),
    "no policy": (
        ("DROP POLICY data_tier_tenant ON lines",),
        ("table", "lines", "has row-level security and not this policy"),
    ),
    "another policy": (
        ("ALTER POLICY data_tier_tenant ON orders USING (true)",),
        ("table", "orders", "has another policy than the stack file asks for"),
    ),
    "a second policy": (
        ("CREATE POLICY all_rows ON lines USING (true)",),
        ("policy", "all_rows on lines", "lets in more beside data_tier_tenant"),
    ),
    "a copy": (
        ("CREATE MATERIALIZED VIEW copies AS SELECT * FROM invokers_view",),
        ("view", "copies", "holds copies of rows, which no policy guards"),
    ),
}
ABOVE: dict[str, tuple[tuple[str, ...], tuple[str, str, str], tuple[str, ...]]] = {
    "a view of a superuser": (
        ("CREATE VIEW admins_view AS SELECT * FROM orders",),
        ("view", "admins_view", "shows every tenant's rows"),
        ("DROP VIEW admins_view",),
    ),
    "a function of a superuser": (
        ("CREATE FUNCTION admins() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) FROM orders'",),
        ("function", "admins()", "runs as a role above policies"),
        ("DROP FUNCTION admins()",),
    ),
    "a role above policies": (
        ("CREATE ROLE rls_above LOGIN BYPASSRLS",),
        ("role", "rls_above", "logs in and is above policies"),
        ("DROP ROLE rls_above",),
    ),
    "a member of the owner": (
        ("CREATE ROLE rls_member LOGIN IN ROLE shop_owner",),
        ("role", "rls_member", "logs in and may act as the owner, which can switch policies off"),
        ("DROP ROLE rls_member",),
    ),
}


def planted(connect: Callable[[], Connection], statements: tuple[str, ...]) -> None:
    with connect() as connection:
        for statement in statements:
            connection.execute(statement.encode())


def checked(life: Tenants, *app: str) -> tuple[int, set[tuple[str, str, str]]]:
    done = life.project.operate("rls", "check", *app, "--json", ok=False)
    found = json.loads(done.out)["findings"]
    return done.code, {(one["kind"], one["name"], one["what"].split(":")[0]) for one in found}
