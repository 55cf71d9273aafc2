"""The helper for row-level security in one database; what it consists of belongs to `operate.row_level_security`."""

from __future__ import annotations

from typing import Final

import pulumi
import pulumi_command as command

from components.config.models import RowLevelSecurity
from components.platforms import merged, present
from components.postgres._inside import as_admin, without_provider
from components.postgres.endpoint import Endpoint

_RUN: Final = ".venv/bin/python -m operate.row_level_security install"  # relative: the same in every checkout


def helper(
    name: str,
    server: Endpoint,
    settings: RowLevelSecurity | None,
    database: pulumi.Output[str],
    owner: pulumi.Output[str],
    opts: pulumi.ResourceOptions,
) -> command.local.Command | None:
    """The functions that migrations call; None where they aren't wanted, or the server is down.

    Nothing takes them away again: policies stay when the stack file stops asking for the helper.
    """
    if settings is None or not server.up:
        return None
    return command.local.Command(
        name,
        create=_RUN,
        update=_RUN,
        environment={
            **as_admin(server, database),
            "RLS_OWNER": owner,
            "RLS_COLUMN": settings.column,
            "RLS_SETTING": settings.setting,
            "RLS_TYPE": settings.type,
            "RLS_STRICT": str(settings.strict).lower(),
        },
        opts=merged(without_provider(opts), depends_on=present(server.reach.ready)),
    )
