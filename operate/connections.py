"""Who is connected to a server and how much it holds, asked inside its container, where every Docker host answers."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from docker.models.containers import Container

from operate import inside, mongo
from operate.errors import OperateError
from operate.stack import Server, Stack

_SECONDS = 10
_SQL = """\
select d.datname, coalesce(s.numbackends, 0), d.datconnlimit, pg_database_size(d.oid)
from pg_database d left join pg_stat_database s on s.datid = d.oid where not d.datistemplate"""
# a server with a certificate speaks TLS only
_REDIS_CLI = """\
tls=; [ ! -e /run/secrets/tls.crt ] || tls="--tls --cacert /run/secrets/ca.crt"
exec redis-cli $tls --no-auth-warning "$@\""""
_REDIS_AS_ADMIN = f"export REDISCLI_AUTH=$(cat /run/secrets/redis_admin)\n{_REDIS_CLI}"
_USER = re.compile(r"\buser=(\S+)")
_FOLDERS = {"postgres": "/var/lib/postgresql/data", "redis": "/data", "mongo": "/data/db"}


@dataclass(frozen=True, kw_only=True)
class Use:
    """An app's use of a store: `store` is a database, or a user of Redis; `limit` None means not limited."""

    app: str
    server: str
    store: str
    connections: int
    limit: int | None = None
    bytes: int | None = None


def of(container: Container, server: Server, stack: Stack) -> tuple[list[Use], int | None]:
    """The uses of one server, and the size of its volume in bytes; empty and None where it doesn't answer."""
    ask = {"postgres": _postgres, "redis": _redis, "mongo": _mongo}[server.kind]
    try:
        return ask(container, server, stack), _volume_size(container, server)
    except OperateError:  # it has just stopped, or hangs: its state says so
        return [], None


def redis_as_admin(*arguments: str) -> list[str]:
    """The command that runs redis-cli as the admin; the password is read from its file inside."""
    return ["sh", "-c", _REDIS_AS_ADMIN, "redis-cli", "--user", "admin", *arguments]


def redis_as(user: str, *arguments: str) -> list[str]:
    """The command that runs redis-cli as `user`, whose password comes to it in REDISCLI_AUTH."""
    return ["sh", "-c", _REDIS_CLI, "redis-cli", "--user", user, *arguments]


def psql_as_admin(server: Server, database: str, *arguments: str) -> list[str]:
    """The command that runs psql as the admin through the socket, for the system's user postgres."""
    return ["psql", "--no-psqlrc", "--username", server.admin, "--dbname", database, *arguments]


def lost(server: Server, stack: Stack, uses: Iterable[Use]) -> list[str]:
    """What apps should have on a PostgreSQL server that has answered, and isn't among its databases."""
    there = {use.store for use in uses if use.server == server.name}
    return [
        f"{server.name}: the database {its.database} of {app} isn't there: {server.volume} is empty, or was replaced. "
        "Put the volume back, or begin anew: `make down PURGE=1`, then `make up`, and restore a copy"
        for app, its in stack.databases.items()
        if server.kind == "postgres" and stack.holds(server, app) and its.database not in there
    ]


def _postgres(container: Container, server: Server, stack: Stack) -> list[Use]:
    apps = {its.database: app for app, its in stack.databases.items() if stack.holds(server, app)}
    text = _output(
        container, psql_as_admin(server, "postgres", "--csv", "--tuples-only", "--command", _SQL), "postgres"
    )
    return [
        Use(
            app=apps[name],
            server=server.name,
            store=name,
            connections=int(now),
            limit=None if limit == "-1" else int(limit),
            bytes=int(size),
        )
        for name, now, limit, size in sorted(csv.reader(text.splitlines()))
        if name in apps
    ]


def _redis(container: Container, server: Server, stack: Stack) -> list[Use]:
    counted = Counter(_USER.findall(_output(container, redis_as_admin("client", "list"))))
    return [
        Use(app=app, server=server.name, store=app, connections=counted[app])
        for app in sorted(stack.redis_users)
        if stack.holds(server, app)
    ]


def _mongo(container: Container, server: Server, stack: Stack) -> list[Use]:
    return [
        Use(app=app, server=server.name, store=its.database, connections=its_use.connections, bytes=its_use.bytes)
        for app, its in sorted(stack.mongo_users.items())
        if stack.holds(server, app)
        for its_use in [mongo.use(container, server, its)]
    ]


def _volume_size(container: Container, server: Server) -> int | None:
    folder = _FOLDERS[server.kind]
    done = inside.capture(container, ["timeout", "5", "du", "-sk", folder], seconds=_SECONDS)
    return int(done.out.split()[0]) * 1024 if done.code == 0 else None


def _output(container: Container, command: Sequence[str], user: str = "") -> str:
    done = inside.capture(container, command, user=user, seconds=_SECONDS)
    if done.code:
        raise OperateError(f"{container.name}: {done.reason}")
    return done.out.decode()
