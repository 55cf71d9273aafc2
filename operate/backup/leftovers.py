"""What restores have left beside an app's stores, which a purge would not delete: the app's roles own it."""

from __future__ import annotations

import docker

from operate import postgres_tools
from operate.backup import postgres, swap
from operate.errors import OperateError
from operate.stack import Stack


def refuse(stack: Stack, app: str, client: docker.DockerClient) -> None:
    """Raises OperateError where there are databases beside the app's own on a server that others use too."""
    if app not in stack.databases:
        return
    name = stack.databases[app].database
    shared = [key for key, server in stack.servers.items() if server.kind == "postgres" and server.app is None]
    outside = [key for key, server in stack.external_servers.items() if server.app == app]
    for key in [*(key for key in shared if stack.holds(stack.servers[key], app)), *outside]:
        with postgres_tools.on(stack, key, client) as tools:
            if left := swap.beside(tools, name, postgres.SCRATCH):
                raise OperateError(
                    f"{app} has other databases on {tools.where}: {', '.join(left)}. Keep what you need of them "
                    f"and drop them first: ./operatew psql {app} --admin -- -d postgres -c 'DROP DATABASE {left[0]}'"
                )
