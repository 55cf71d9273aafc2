"""What in a database gets round its row-level security: tables, views, functions and roles, each with what to do.

Owns the questions to the catalogue and what is said about the answers. How the policies come about belongs to
`row_level_security`. That two tenants can be told apart by a unique key or a foreign key is no finding: no catalogue
says whether it matters.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import docker
from rich.console import RenderableType

from components.naming import BACKUP_ROLE
from operate import postgres_tools, printing
from operate.errors import OperateError
from operate.postgres_tools import Tools
from operate.stack import Database, Stack

_SECONDS: Final = 30
# psql's own variables: column, setting, strict, admin, owner, migrate, backup
_SQL: Final = """
WITH RECURSIVE
tenant_table AS (
    SELECT c.oid, c.oid::regclass::text AS name, c.relrowsecurity, c.relforcerowsecurity, a.attnotnull
      FROM pg_class c
      JOIN pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_attribute a ON a.attrelid = c.oid AND NOT a.attisdropped
     WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
       AND (a.attname = :'column'
            OR EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = 'data_tier_tenant'
                       AND a.attname = substring(pg_get_expr(p.polqual, p.polrelid) FROM '^\\(([a-z_0-9]+) = ')))
),
own_policy AS (
    SELECT polrelid, pg_get_expr(polqual, polrelid) AS used, pg_get_expr(polwithcheck, polrelid) AS checked,
           polpermissive AND polcmd = '*' AND polroles = '{0}' AS whole
      FROM pg_policy WHERE polname = 'data_tier_tenant'
),
uses AS (
    SELECT r.ev_class AS view, d.refobjid AS used
      FROM pg_rewrite r
      JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
                      AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> r.ev_class
),
showing AS (
    SELECT view FROM uses JOIN tenant_table ON used = oid
    UNION SELECT uses.view FROM uses JOIN showing ON uses.used = showing.view
),
member AS (
    SELECT roleid, member FROM pg_auth_members
    UNION SELECT m.roleid, up.member FROM pg_auth_members m JOIN member up ON up.roleid = m.member
)
SELECT 'table', name, 'unprotected' FROM tenant_table WHERE NOT relrowsecurity
UNION ALL SELECT 'table', name, 'unforced' FROM tenant_table WHERE relrowsecurity AND NOT relforcerowsecurity
UNION ALL SELECT 'table', name, 'nullable' FROM tenant_table WHERE NOT attnotnull
UNION ALL SELECT 'table', name, 'without-policy' FROM tenant_table
     WHERE relrowsecurity AND NOT EXISTS (SELECT FROM own_policy WHERE polrelid = oid)
UNION ALL SELECT 'table', name, 'other-policy' FROM tenant_table JOIN own_policy ON polrelid = oid
     WHERE NOT whole OR used IS DISTINCT FROM checked OR strpos(used, quote_literal(:'setting')) = 0
        OR (strpos(used, quote_literal(:'setting' || '_at')) > 0) <> :'strict'::boolean
UNION ALL SELECT 'policy', p.polname || ' on ' || t.name, 'wider'
      FROM pg_policy p JOIN tenant_table t ON t.oid = p.polrelid
     WHERE p.polpermissive AND p.polname <> 'data_tier_tenant'
UNION ALL SELECT 'view', c.oid::regclass::text,
                 CASE WHEN c.relkind = 'm' THEN 'copy' WHEN o.rolsuper OR o.rolbypassrls THEN 'open' ELSE 'owners' END
      FROM showing s JOIN pg_class c ON c.oid = s.view JOIN pg_roles o ON o.oid = c.relowner
     WHERE c.relkind = 'm' OR (c.relkind = 'v' AND NOT coalesce(
           (SELECT option_value::boolean FROM pg_options_to_table(c.reloptions) WHERE option_name = 'security_invoker'),
           false))
UNION ALL SELECT 'function', p.oid::regprocedure::text,
                 CASE WHEN o.rolsuper OR o.rolbypassrls THEN 'open-function' ELSE 'definer' END
      FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_roles o ON o.oid = p.proowner
     WHERE p.prosecdef AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'data_tier')
       AND NOT EXISTS (SELECT FROM pg_depend d
                       WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
UNION ALL SELECT 'role', rolname, 'bypasses' FROM pg_roles
     WHERE rolcanlogin AND (rolsuper OR rolbypassrls) AND rolname NOT IN (:'admin', :'backup')
UNION ALL SELECT 'role', r.rolname, 'owner' FROM pg_roles r JOIN member m ON m.member = r.oid
     WHERE m.roleid = to_regrole(quote_ident(:'owner')) AND r.rolcanlogin AND NOT r.rolsuper AND r.rolname <> :'migrate'
ORDER BY 1, 2, 3
"""
_CALL: Final = "SELECT data_tier.enable_row_level_security('{}')"
_SAYS: Final = {
    "unprotected": ("names tenants and has no row-level security", f"in a migration: {_CALL}"),
    "unforced": ("is not under FORCE: its owner sees every tenant's rows", f"in a migration: {_CALL}"),
    "nullable": ("may be without a tenant, and nobody sees such a row", "SET NOT NULL on its tenant"),
    "without-policy": ("has row-level security and not this policy: data_tier_tenant", f"in a migration: {_CALL}"),
    "other-policy": ("has another policy than the stack file asks for", f"in a migration: {_CALL}"),
    "wider": ("lets in more beside data_tier_tenant", "drop it, or make it AS RESTRICTIVE"),
    "copy": ("holds copies of rows, which no policy guards", "make it a view with security_invoker"),
    "open": ("shows every tenant's rows: its owner is above policies", "ALTER VIEW {} SET (security_invoker = true)"),
    "owners": ("shows rows with its owner's rights", "ALTER VIEW {} SET (security_invoker = true)"),
    "open-function": ("runs as a role above policies", "ALTER FUNCTION {} SECURITY INVOKER"),
    "definer": ("runs as its owner, under the caller's tenant as long as it sets none", "make it SECURITY INVOKER"),
    "bypasses": ("logs in and is above policies", "ALTER ROLE {} NOBYPASSRLS NOSUPERUSER"),
    "owner": ("logs in and may act as the owner, which can switch policies off", "REVOKE that membership"),
}


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One way round the policies of an app's database."""

    app: str
    kind: str
    name: str
    what: str
    todo: str

    def as_json(self) -> dict[str, Any]:
        """The finding as --json has it."""
        return asdict(self)


def look(stack: Stack, app: str | None, client: docker.DockerClient) -> tuple[list[str], list[Finding]]:
    """The apps that were asked, and what was found. Raises OperateError for an app without row-level security."""
    apps = _apps(stack, app)
    return apps, [finding for one in apps for finding in _of(stack, one, client)]


def render(apps: Sequence[str], findings: Iterable[Finding]) -> RenderableType:
    """The findings as a table."""
    made = printing.table(f"Row-level security of {', '.join(apps)}", "app", "what", "finding", "to do")
    for one in findings:
        made.add_row(one.app, f"{one.kind} {one.name}", one.what, one.todo)
    if not made.row_count:
        made.add_row("", "nothing", "every table with a tenant is under its policy", "")
    return made


def _apps(stack: Stack, app: str | None) -> list[str]:
    having = [name for name, its in stack.databases.items() if its.row_level_security]
    if app is not None:
        stack.require(app)
    if not having or (app is not None and app not in having):
        those = ", ".join(having) or "none"
        raise OperateError(
            f"{app or f'stack {stack.name}'} has no row_level_security in the stack file; apps with it: {those}"
        )
    return [app] if app else having


def _of(stack: Stack, app: str, client: docker.DockerClient) -> list[Finding]:
    its = stack.databases[app]
    asked = its.row_level_security or {}
    with postgres_tools.on(stack, its.server, client) as tools:
        return _asked(app, its, asked, tools)


def _asked(app: str, its: Database, asked: Mapping[str, Any], tools: Tools) -> list[Finding]:
    told = {
        "column": asked["column"],
        "setting": asked["setting"],
        "strict": str(asked["strict"]).lower(),
        "admin": tools.admin,
        "owner": f"{its.database}_owner",
        "migrate": f"{its.database}_migrate",
        "backup": BACKUP_ROLE,  # without a password, from the container that has the data folder anyway
    }
    variables = [part for key, value in told.items() for part in ("--set", f"{key}={value}")]
    options = ["--csv", "--tuples-only", "--set", "ON_ERROR_STOP=1", *variables]
    # psql puts variables into what it reads, not into --command
    script = ["sh", "-c", 'printf %s "$ASKED" | exec "$@"', "sh"]
    command = [*script, *tools.as_admin("psql", its.database, "--no-psqlrc", *options)]
    done = tools.capture(command, environment={"ASKED": _SQL}, seconds=_SECONDS)
    if done.code:
        raise OperateError(f"{tools.where}: {done.reason}")
    rows = csv.reader(done.out.decode().splitlines())
    return [_finding(app, *row) for row in rows if row]


def _finding(app: str, kind: str, name: str, why: str) -> Finding:
    what, todo = _SAYS[why]
    return Finding(app=app, kind=kind, name=name, what=what, todo=todo.format(name))
