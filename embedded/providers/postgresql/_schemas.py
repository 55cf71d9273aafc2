"""The resource types as tables. Source: the package's own schema and calls recorded from the official plugin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from embedded.providers.bridge import Property, Schema


def _one_of(*allowed: str) -> Callable[[Any], str | None]:
    return lambda value: None if value in allowed else f"'{value}' is none of {', '.join(allowed)}"


def _encrypted(value: Any) -> str | None:
    return None if value in (True, "true") else "can only be true: PostgreSQL keeps no password in plain"


ROLE = Schema(
    "postgresql:index/role:Role",
    (
        Property(name="assumeRole"),
        Property(name="bypassRowLevelSecurity", kind="boolean"),
        Property(name="connectionLimit", kind="integer", default=-1),
        Property(name="createDatabase", kind="boolean"),
        Property(name="createRole", kind="boolean"),
        Property(name="encrypted", carried=False),
        Property(name="encryptedPassword", kind="boolean", default=True, invalid=_encrypted),
        Property(name="idleInTransactionSessionTimeout", kind="integer"),
        Property(name="inherit", kind="boolean", default=True),
        Property(name="login", kind="boolean"),
        Property(name="name", autonamed=True),
        Property(name="password", secret=True),
        Property(name="passwordWo", secret=True, carried=False),
        Property(name="passwordWoVersion", carried=False),
        Property(name="replication", kind="boolean"),
        Property(name="roles", kind="set"),
        Property(name="searchPaths", kind="list", upstream="search_path"),
        Property(name="skipDropRole", kind="boolean"),
        Property(name="skipReassignOwned", kind="boolean"),
        Property(name="statementTimeout", kind="integer"),
        Property(name="superuser", kind="boolean"),
        Property(name="validUntil", default="infinity"),
    ),
)

DATABASE = Schema(
    "postgresql:index/database:Database",
    (
        Property(name="allowConnections", kind="boolean", default=True),
        Property(name="alterObjectOwnership", kind="boolean"),
        Property(name="connectionLimit", kind="integer", default=-1),
        Property(name="encoding", computed=True, replaces=True),
        Property(name="isTemplate", kind="boolean", computed=True),
        Property(name="lcCollate", computed=True, replaces=True),
        Property(name="lcCtype", computed=True, replaces=True),
        Property(name="name", autonamed=True),
        Property(name="owner", computed=True),
        Property(name="tablespaceName", computed=True),
        Property(name="template", computed=True, replaces=True),
    ),
)

SCHEMA = Schema(
    "postgresql:index/schema:Schema",
    (
        Property(name="database", computed=True, replaces=True),
        Property(name="dropCascade", kind="boolean"),
        Property(name="ifNotExists", kind="boolean", default=True),
        Property(name="name", autonamed=True),
        Property(name="owner", computed=True),
        Property(name="policies", kind="set", element=Schema("policy", ()), upstream="policy", carried=False),
    ),
)

EXTENSION = Schema(
    "postgresql:index/extension:Extension",
    (
        Property(name="createCascade", kind="boolean"),
        Property(name="database", computed=True, replaces=True),
        Property(name="dropCascade", kind="boolean"),
        Property(name="name", autonamed=True, replaces=True),
        Property(name="schema", computed=True),
        Property(name="version", computed=True),
    ),
)

GRANT = Schema(
    "postgresql:index/grant:Grant",
    (
        Property(name="columns", kind="set", replaces=True, carried=False),
        Property(name="database", required=True, replaces=True),
        Property(
            name="objectType",
            required=True,
            replaces=True,
            invalid=_one_of("database", "schema", "table", "sequence", "function"),
        ),
        Property(name="objects", kind="set", replaces=True),
        Property(name="privileges", kind="set", required=True),
        Property(name="role", required=True, replaces=True),
        Property(name="schema", replaces=True),
        Property(name="withGrantOption", kind="boolean", replaces=True),
    ),
)

DEFAULT_PRIVILEGES = Schema(
    "postgresql:index/defaultPrivileges:DefaultPrivileges",
    (
        Property(name="database", required=True, replaces=True),
        Property(
            name="objectType",
            required=True,
            replaces=True,
            invalid=_one_of("table", "sequence", "function", "type", "schema"),
        ),
        Property(name="owner", required=True, replaces=True),
        Property(name="privileges", kind="set", required=True),
        Property(name="role", required=True, replaces=True),
        Property(name="schema", replaces=True),
        Property(name="withGrantOption", kind="boolean", replaces=True),
    ),
)
