"""psql and redis-cli inside a server's own container, as an app's login or as the admin.

Inside, because there both are installed in the server's version and every Docker host can be asked. Passwords go in by
the environment of that one command (only root and the server's own user can read it) or stay in a file there.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import unquote, urlsplit

import docker

from operate import connections, daemon, inside, postgres_tools
from operate.errors import OperateError
from operate.stack import Secrets, Server, Stack


def psql(
    stack: Stack,
    app: str,
    arguments: Sequence[str],
    client: docker.DockerClient,
    login: Secrets | None,
    reader: str | None = None,
) -> int:
    """Run psql on an app's database with the app's own login or that of its `reader`, as the admin with None; its exit
    code.

    Raises OperateError.
    """
    stack.require(app)
    if app not in stack.databases:
        raise OperateError(f"{app} has no database; with one: {', '.join(sorted(stack.databases)) or 'no app'}")
    its = stack.databases[app]
    told = {"PSQL_HISTORY": "/dev/null"}  # what is typed may be secret, and the server's folder is not the place for it
    with postgres_tools.on(stack, its.server, client) as tools:
        if login is None:
            command = tools.as_admin("psql", its.database, "--no-psqlrc", *arguments)
        else:
            if reader:
                user, told["PGPASSWORD"] = _parts(login.of_reader(reader, app)["DATABASE_URL"])
            else:
                user, told["PGPASSWORD"] = login_of(stack, app, login, "DATABASE_URL")
            told |= place_of(stack.servers.get(its.server))
            command = ["psql", "--username", user, "--dbname", its.database, *arguments]
        return tools.interact(command, told)


def place_of(server: Server | None) -> dict[str, str]:
    """The server by its address, from inside its own container; one outside of the stack is told already."""
    if server is None:
        return {}
    verified = {"PGSSLMODE": "verify-full", "PGSSLROOTCERT": "/run/secrets/ca.crt"} if server.tls else {}
    return {"PGHOST": server.name if server.members else server.address, "PGPORT": str(server.port), **verified}


def redis(
    stack: Stack,
    app: str,
    arguments: Sequence[str],
    client: docker.DockerClient,
    login: Secrets | None,
    purpose: str | None = None,
) -> int:
    """Run redis-cli on the number of an app's purpose as the app, as the admin with None; its exit code.

    Without `purpose` it is the main one. Raises OperateError.
    """
    stack.require(app)
    if app not in stack.redis_users:
        raise OperateError(f"{app} doesn't use Redis; those that do: {', '.join(sorted(stack.redis_users)) or 'none'}")
    its = stack.redis_users[app]
    main = next(iter(its.purposes))
    purpose = purpose or main
    if purpose not in its.purposes:
        raise OperateError(f"{app} doesn't use Redis for {purpose}; it does for: {', '.join(its.purposes)}")
    container = daemon.running(client, stack.servers[its.server_of(purpose)].name)
    number = str(its.purposes[purpose])
    told = {"REDISCLI_HISTFILE": "/dev/null"}
    if login is None:
        command = connections.redis_as_admin("-n", number, *arguments)
    else:
        user, told["REDISCLI_AUTH"] = login_of(stack, app, login, variable_of(purpose, main))
        command = connections.redis_as(user, "-n", number, *arguments)
    return inside.interact(container, command, environment=told)


def variable_of(purpose: str, main: str) -> str:
    """What the URL of an app's purpose is called."""
    return "REDIS_URL" if purpose == main else f"REDIS_URL_{purpose.replace('-', '_').upper()}"


def login_of(stack: Stack, app: str, secrets: Secrets, variable: str) -> tuple[str, str]:
    """Who the app logs in as. Raises OperateError for a retired app, whose logins are locked."""
    if app in stack.apps and stack.apps[app].retired:
        raise OperateError(f"{app} is retired and its logins are locked: use --admin")
    url = secrets.of(app).get(variable)
    if url is None:
        raise OperateError(f"{app} has no {variable} in stack {stack.name}: `make up` renews what the stack knows")
    return _parts(url)


def _parts(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return unquote(parts.username or ""), unquote(parts.password or "")
