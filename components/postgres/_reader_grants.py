"""What a reader may do in one database, appended to the chain of that database's grants.

SELECT and the way to it, on what there is and on what the owner makes later. What no resource says, because it is about
everything that is already there, is `operate.readers`' to do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import pulumi
import pulumi_command as command
import pulumi_postgresql as postgresql

from components.platforms import merged, present
from components.postgres._inside import as_admin, without_provider
from components.postgres.database import AppDatabase
from components.postgres.endpoint import Endpoint

_RUN: Final = ".venv/bin/python -m operate.readers"  # relative to the project: state means the same in every checkout
_DEFAULTS: Final[Mapping[str, Sequence[str]]] = {"schema": ["USAGE"], "table": ["SELECT"], "sequence": ["SELECT"]}


def nobody_runs_functions(
    name: str, database: AppDatabase, opts: pulumi.ResourceOptions
) -> postgresql.DefaultPrivileges:
    """Functions that the owner makes later are its app's and not PUBLIC's: one that is SECURITY DEFINER writes.

    Once for each database with readers; the app's group has a privilege of its own on them.
    """
    return postgresql.DefaultPrivileges(
        f"{name}-functions",
        database=database.database,
        owner=database.owner,
        role="public",
        object_type="function",
        privileges=[],
        opts=merged(opts, depends_on=[database.granted]),
    )


def reading(
    name: str,
    server: Endpoint,
    database: AppDatabase,
    reader: pulumi.Output[str],
    after: pulumi.Resource,
    opts: pulumi.ResourceOptions,
) -> pulumi.Resource:
    """Let the role `reader` read `database`; the last link of the chain."""
    for kind, privilege in (("database", "CONNECT"), ("schema", "USAGE")):
        after = postgresql.Grant(
            f"{name}-{privilege.lower()}",
            database=database.database,
            role=reader,
            object_type=kind,
            schema="public" if kind == "schema" else None,
            privileges=[privilege],
            opts=merged(opts, depends_on=[after]),
        )
    for kind, allowed in _DEFAULTS.items():
        after = postgresql.DefaultPrivileges(
            f"{name}-{kind}s",
            database=database.database,
            owner=database.owner,
            role=reader,
            object_type=kind,
            privileges=list(allowed),
            opts=merged(opts, depends_on=[after]),
        )
    if not server.up:
        return after
    return command.local.Command(
        f"{name}-granted",
        create=f"{_RUN} grant",
        update=f"{_RUN} grant",
        delete=f"{_RUN} revoke",
        environment={
            **as_admin(server, database.database),
            "READER": reader,
            "READER_OWNER": database.owner,
            "READER_APP": database.group,
        },
        opts=merged(without_provider(opts), depends_on=[after, *present(server.reach.ready)]),
    )


def guarded(
    name: str, server: Endpoint, logins: Sequence[pulumi.Output[str]], opts: pulumi.ResourceOptions
) -> command.local.Command | None:
    """Transactions of `logins` begin read-only: for this the role's resource has no field. None while it is down."""
    if not server.up:
        return None
    return command.local.Command(
        name,
        create=f"{_RUN} guard",
        update=f"{_RUN} guard",
        environment={**as_admin(server), "READER_LOGINS": pulumi.Output.all(*logins).apply(",".join)},
        opts=merged(without_provider(opts), depends_on=present(server.reach.ready)),
    )
