"""Waits for the sessions of a login to end before it is locked; how belongs to `operate.drain`."""

from __future__ import annotations

from typing import Final

import pulumi
import pulumi_command as command

from components.platforms import merged, present
from components.postgres._inside import as_admin, without_provider
from components.postgres.endpoint import Endpoint

_RUN: Final = ".venv/bin/python -m operate.drain"  # relative to the project: state means the same in every checkout


def drained(
    name: str,
    server: Endpoint,
    login: str,
    seconds: int,
    opts: pulumi.ResourceOptions,
    pooler: str | None = None,
) -> command.local.Command | None:
    """The wait for the sessions of `login`, `seconds` at most; None while the server is down, which has none. In front
    of the server, the container called `pooler` has clients of it too.

    It runs where the login is another one, so once in each generation.
    """
    if not server.up:
        return None
    return command.local.Command(
        name,
        create=_RUN,
        update=_RUN,
        environment={
            **as_admin(server),
            "DRAIN_LOGIN": login,
            "DRAIN_SECONDS": str(seconds),
            **({"DRAIN_POOLER": pooler} if pooler else {}),
        },
        opts=merged(without_provider(opts), depends_on=present(server.reach.ready)),
    )
