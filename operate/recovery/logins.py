"""Whether every app gets in with the passwords of its URLs, as the app does: by its own login, over TCP and TLS."""

from __future__ import annotations

from collections.abc import Iterator

import docker

from operate import clients, connections, daemon, inside, postgres_tools
from operate import stack as stacks
from operate.errors import OperateError
from operate.stack import Secrets, Stack

_SECONDS = 30


def refused(name: str, client: docker.DockerClient) -> list[str]:
    """The logins that their servers don't let in, with the servers' reasons. Raises OperateError."""
    stack, secrets = stacks.read_with_secrets(name)
    using = [app for app, held in stack.apps.items() if not held.retired]
    return [problem for app in using for problem in _of(stack, app, secrets, client)]


def _of(stack: Stack, app: str, secrets: Secrets, client: docker.DockerClient) -> Iterator[str]:
    try:
        if app in stack.databases:
            _database(stack, app, secrets, client)
        if app in stack.redis_users:
            _redis(stack, app, secrets, client)
    except OperateError as error:
        yield f"{app} can't log in: {error}"


def _database(stack: Stack, app: str, secrets: Secrets, client: docker.DockerClient) -> None:
    its = stack.databases[app]
    with postgres_tools.on(stack, its.server, client) as tools:
        user, password = clients.login_of(stack, app, secrets, "DATABASE_URL")
        told = {"PGPASSWORD": password, **clients.place_of(stack.servers.get(its.server))}
        command = ["psql", "--no-psqlrc", "--username", user, "--dbname", its.database, "--command", "SELECT 1"]
        done = tools.capture(command, environment=told, seconds=_SECONDS)
    if done.code:
        raise OperateError(f"{tools.where}: {done.reason}")


def _redis(stack: Stack, app: str, secrets: Secrets, client: docker.DockerClient) -> None:
    its = stack.redis_users[app]
    main = next(iter(its.purposes))
    for purpose, number in its.purposes.items():
        user, password = clients.login_of(stack, app, secrets, clients.variable_of(purpose, main))
        container = daemon.running(client, stack.servers[its.server_of(purpose)].name)
        command = connections.redis_as(user, "-n", str(number), "dbsize")
        done = inside.capture(container, command, environment={"REDISCLI_AUTH": password}, seconds=_SECONDS)
        said = done.out.decode(errors="replace")
        if done.code or any(sign in said for sign in ("WRONGPASS", "NOAUTH")):
            raise OperateError(f"{container.name}: {said.strip() or done.reason}")
