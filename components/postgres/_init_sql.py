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
from components.postgres._inside import as_login
from components.postgres.endpoint import Endpoint
from components.postgres.init_files import digests

_RUN: Final = ".venv/bin/python -m operate.init_sql"  # relative to the project: state means the same in every checkout


@dataclass(frozen=True, kw_only=True)
class InitSql:
    """What runs where: files and folders as declared, the database's roles, the password of the migrating one."""

    declared: Sequence[str]
    roles: RoleNames
    password: pulumi.Output[str]
    server: Endpoint


def initialised(
    name: str, its: InitSql, opts: pulumi.ResourceOptions, after: Sequence[pulumi.Resource]
) -> command.local.Command | None:
    """The files, run in order `after` roles and grants are there; None where there is none or the server is down."""
    server = its.server
    if not its.declared or not server.up:
        return None
    return command.local.Command(
        name,
        create=_RUN,
        update=_RUN,
        environment={
            **as_login(server, its.roles.migrate, its.password, its.roles.database),
            "INIT_FILES": json.dumps(digests(its.declared)),
            "INIT_APP_ROLE": its.roles.group,
        },
        opts=pulumi.ResourceOptions(
            parent=opts.parent,
            depends_on=present(*after, server.reach.ready),
            deleted_with=server.container,
        ),
    )
