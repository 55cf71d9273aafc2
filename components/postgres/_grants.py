"""The grants of one database, one after the other.

In parallel they fail with "tuple concurrently updated": several change the same row of the catalogue.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import pulumi
import pulumi_postgresql as postgresql

from components.platforms import merged

_DEFAULTS: Final[Mapping[str, Sequence[str]]] = {
    "schema": ["USAGE"],
    "table": ["DELETE", "INSERT", "SELECT", "UPDATE"],
    "sequence": ["SELECT", "UPDATE", "USAGE"],
    "function": ["EXECUTE"],
}


def grant_chain(
    name: str,
    database: pulumi.Output[str],
    owner: pulumi.Output[str],
    group: pulumi.Output[str],
    opts: pulumi.ResourceOptions,
) -> pulumi.Resource:
    """Nothing for PUBLIC, connection and rows for `group`, also on what `owner` makes later.

    The owner itself needs no grant: schema public belongs to pg_database_owner since PostgreSQL 15.
    Returns the last link, after which all of them are there.
    """

    links: list[tuple[str, pulumi.Input[str], str, list[str]]] = [
        ("public-none", "public", "database", []),
        ("public-schema-none", "public", "schema", []),
        ("group-connect", group, "database", ["CONNECT"]),
        ("group-usage", group, "schema", ["USAGE"]),
    ]
    before: list[pulumi.Resource] = []
    for role, grantee, kind, privileges in links:
        link = postgresql.Grant(
            f"{name}-{role}",
            database=database,
            role=grantee,
            object_type=kind,
            schema="public" if kind == "schema" else None,
            privileges=privileges,
            opts=merged(opts, depends_on=before),
        )
        before = [link]
    for kind, allowed in _DEFAULTS.items():
        default = postgresql.DefaultPrivileges(
            f"{name}-group-{kind}s",
            database=database,
            owner=owner,
            role=group,
            object_type=kind,
            privileges=list(allowed),
            opts=merged(opts, depends_on=before),
        )
        before = [default]
    return before[0]
