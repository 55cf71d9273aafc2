"""Limits of a login that the official Role has no field for: one command per role, which runs `operate.role_limits`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_command as command
import pulumi_postgresql as postgresql

from components.config.models import AppDatabase
from components.platforms import present
from components.postgres._inside import as_admin
from components.postgres.endpoint import Endpoint

_RUN: Final = ".venv/bin/python -m operate.role_limits"  # relative to the project: state is the same in every checkout


@dataclass(frozen=True, kw_only=True)
class LimitsArgs:
    """Whose limits: the role `login` of `app`, by the `settings` of its database on `server`."""

    server: Endpoint
    login: str
    app: str
    settings: AppDatabase


def limited(
    name: str, args: LimitsArgs, role: postgresql.Role, parent: pulumi.Resource
) -> command.local.Command | None:
    """The limits of `role`, None where none are declared. They go with the role.

    Declared while the server is down as well: with the same inputs nothing runs, and nothing could be taken back.
    """
    declared = args.settings.limits.declared
    if not declared:
        return None
    server = args.server
    return command.local.Command(
        name,
        create=f"{_RUN} apply",
        update=f"{_RUN} apply",
        delete=f"{_RUN} reset",
        environment={
            **as_admin(server),
            "LIMITS_ROLE": args.login,
            "LIMITS_APP": args.app,
            "LIMITS_CONNECTIONS": str(args.settings.connections),
            "LIMITS_DECLARED": json.dumps(declared, sort_keys=True),
        },
        opts=pulumi.ResourceOptions(
            parent=parent,
            depends_on=present(role, server.reach.ready),
            deleted_with=role,
            retain_on_delete=not server.up or None,
        ),
    )
