"""Runs an app's SQL files in its database; how belongs to `operate.init_sql`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_command as command

from components.naming import RoleNames
from components.platforms import present
from components.postgres.init_files import digests
from components.postgres.server import PostgresServer

_RUN: Final = ".venv/bin/python -m operate.init_sql"  # relative to the project: state means the same in every checkout


@dataclass(frozen=True, kw_only=True)
class InitSql:
    """What runs where: files and folders as declared, the database's roles, the password of the migrating one."""

    declared: Sequence[str]
    roles: RoleNames
    password: pulumi.Output[str]
    server: PostgresServer


def initialised(
    name: str, its: InitSql, opts: pulumi.ResourceOptions, after: Sequence[pulumi.Resource]
) -> command.local.Command | None:
    """The files, run in order `after` roles and grants are there; None where there is none or the server is down."""
    server = its.server
    if not its.declared or server.container is None:
        return None
    return command.local.Command(
        name,
        create=_RUN,
        update=_RUN,
        environment={
            "PGHOST": server.reach.host,
            "PGPORT": str(server.reach.port),
            "PGUSER": its.roles.migrate,
            "PGPASSWORD": its.password,
            "PGDATABASE": its.roles.database,
            "PGSSLMODE": server.sslmode,  # as the provider: host to container on one machine
            "INIT_FILES": json.dumps(digests(its.declared)),
            "INIT_APP_ROLE": its.roles.group,
        },
        opts=pulumi.ResourceOptions(
            parent=opts.parent,
            depends_on=present(*after, server.reach.ready),
            deleted_with=server.container,
        ),
    )
