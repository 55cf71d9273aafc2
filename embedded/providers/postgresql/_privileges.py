"""Access control lists as PostgreSQL keeps them, read for one role."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from embedded.providers.base import ProviderError
from embedded.providers.postgresql._rules import ALL, ALLOWED, MAINTAIN, PUBLIC
from embedded.providers.postgresql._server import Connection, execute

_MAINTAIN_SINCE: Final = 170000

# $acl is an aclitem[]; a missing one means the built-in defaults for its kind and owner
_OF_ACL: Final = """
    SELECT coalesce(array_agg(a.privilege_type ORDER BY a.privilege_type)
                    FILTER (WHERE a.is_grantable OR NOT {{grantable}}), '{{{{}}}}')::text[]
      FROM aclexplode({acl}) a
     WHERE a.grantee = CASE WHEN {{role}} = 'public' THEN 0
                            ELSE (SELECT oid FROM pg_roles WHERE rolname = {{role}}) END"""

OBJECTS: Final = {
    "database": (
        "SELECT datname, coalesce(datacl, acldefault('d', datdba)) FROM pg_database WHERE datname = current_database()"
    ),
    "schema": (
        "SELECT nspname, coalesce(nspacl, acldefault('n', nspowner)) FROM pg_namespace WHERE nspname = {schema}"
    ),
    "table": (
        "SELECT relname, coalesce(relacl, acldefault('r', relowner)) FROM pg_class"
        " WHERE relkind IN ('r', 'v', 'm', 'p', 'f') AND relnamespace = (SELECT oid FROM pg_namespace"
        " WHERE nspname = {schema})"
    ),
    "sequence": (
        "SELECT relname, coalesce(relacl, acldefault('s', relowner)) FROM pg_class"
        " WHERE relkind = 'S' AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = {schema})"
    ),
    "function": (
        "SELECT proname, coalesce(proacl, acldefault('f', proowner)) FROM pg_proc"
        " WHERE prokind <> 'p' AND pronamespace = (SELECT oid FROM pg_namespace WHERE nspname = {schema})"
    ),
}
"""Name and access list of the objects that a grant can be on, by object type."""


def of_objects(
    connection: Connection, kind: str, schema: str, role: str, grantable: bool
) -> list[tuple[str, set[str]]]:
    """Name and privileges of `role` for every object of a kind, by name; overloaded functions share theirs."""
    inner = _OF_ACL.format(acl="o.acl")
    query = f"SELECT o.name, ({inner}) FROM ({OBJECTS[kind]}) AS o(name, acl) ORDER BY 1"  # noqa: S608  constants of this module
    rows = execute(connection, query, schema=schema, role=role, grantable=grantable).fetchall()
    return [(name, set(privileges)) for name, privileges in rows]


def of_defaults(connection: Connection, owner: str, schema: str, kind: str, role: str, grantable: bool) -> set[str]:
    """Privileges that `role` gets on what `owner` makes from now on, in one schema or ("") everywhere."""
    inner = _OF_ACL.format(acl="d.defaclacl")
    query = f"""
        SELECT ({inner}) FROM pg_default_acl d
         WHERE d.defaclrole = (SELECT oid FROM pg_roles WHERE rolname = {{owner}}) AND d.defaclobjtype = {{kind}}
           AND d.defaclnamespace = coalesce((SELECT oid FROM pg_namespace WHERE nspname = {{schema}}), 0)"""  # noqa: S608
    values: dict[str, Any] = {"role": role, "grantable": grantable, "owner": owner, "kind": kind, "schema": schema}
    row = execute(connection, query, **values).fetchone()
    if row or schema:
        return set(row[0]) if row else set()
    return _built_in(connection, owner, kind, role, grantable)


def _built_in(connection: Connection, owner: str, kind: str, role: str, grantable: bool) -> set[str]:
    """What `role` is allowed where nobody has changed the defaults of `owner`; no row in the catalogue says so."""
    letter = "s" if kind == "S" else kind  # pg_default_acl and acldefault() name sequences differently
    inner = _OF_ACL.format(acl='acldefault({letter}::"char", r.oid)')
    query = f"SELECT ({inner}) FROM pg_roles r WHERE rolname = {{owner}}"  # noqa: S608
    row = execute(connection, query, role=role, grantable=grantable, owner=owner, letter=letter).fetchone()
    return set(row[0]) if row else set()


def as_wanted(connection: Connection, kind: str, wanted: set[str], found: set[str]) -> set[str]:
    """`found`, said as ALL where that was wanted and is what there is."""
    full = set(ALLOWED[kind])
    if connection.info.server_version < _MAINTAIN_SINCE:
        full.discard(MAINTAIN)
    return wanted if ALL in wanted and found == full else found


def role_exists(connection: Connection, role: str) -> bool:
    """Whether a role is there; PUBLIC always is."""
    if role == PUBLIC:
        return True
    return execute(connection, "SELECT 1 FROM pg_roles WHERE rolname = {role}", role=role).fetchone() is not None


def grantee(role: str) -> tuple[str, list[str]]:
    """The text and identifiers for a grantee: PUBLIC is a word, not a name."""
    return ("PUBLIC", []) if role == PUBLIC else ("{}", [role])


def listed(privileges: Iterable[Any]) -> str:
    """A privilege list for a statement; checked words only. ALL stands alone."""
    words = sorted(str(privilege) for privilege in privileges)
    known = {ALL, *(word for allowed in ALLOWED.values() for word in allowed)}
    if not known.issuperset(words):
        raise ProviderError(f"not a privilege: {', '.join(sorted(set(words) - known))}")
    return ALL if ALL in words else ", ".join(words)
