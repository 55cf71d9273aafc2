"""The stores of an app, each with what is done to make a copy of it, to read that and to prove it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import BinaryIO

import docker

from operate import daemon, postgres_tools
from operate.backup import mongo, postgres, redis
from operate.backup.manifest import Facts
from operate.stack import Server, Stack


@dataclass(frozen=True, kw_only=True)
class Source:
    """A store: `take` writes a copy and says what it holds, `read` reads one to its end and counts its entries, `prove`
    restores one where no app sees it and says what is there then. All raise OperateError.
    """

    kind: str
    store: str
    database: str
    suffix: str
    take: Callable[[BinaryIO], Facts]
    read: Callable[[BinaryIO], int]
    prove: Callable[[BinaryIO], Facts]


def of(stack: Stack, app: str, client: docker.DockerClient) -> Iterator[tuple[str, AbstractContextManager[Source]]]:
    """The stores of an app with their places, each to be entered before it is used."""
    for key, server in ((key, one) for key, one in stack.servers.items() if stack.holds(one, app)):
        place = "isolated" if server.app else "unified"
        if server.kind == "postgres" and app in stack.databases:
            yield place, _database(stack, key, app, client)
        if server.kind == "redis" and app in stack.redis_users:
            yield place, _keys(stack, server, app, client)
        if server.kind == "mongo" and app in stack.mongo_users:
            yield place, _documents(stack, server, app, client)
    for key, outside in stack.external_servers.items():
        if outside.app == app:
            yield "isolated", _database(stack, key, app, client)


@contextmanager
def _database(stack: Stack, key: str, app: str, client: docker.DockerClient) -> Iterator[Source]:
    name = stack.databases[app].database
    with postgres_tools.on(stack, key, client) as tools:
        yield Source(
            kind="postgres",
            store=f"{tools.where}/{name}",
            database=name,
            suffix=".dump",
            take=lambda file: postgres.take(tools, name, file),
            read=lambda file: postgres.read(tools, file, name),
            prove=lambda file: postgres.prove(tools, file, name),
        )


@contextmanager
def _keys(stack: Stack, server: Server, app: str, client: docker.DockerClient) -> Iterator[Source]:
    container, numbers = daemon.running(client, server.name), stack.numbers_on(server, app)
    yield Source(
        kind="redis",
        store=f"{server.name}/{app}",
        database=app,
        suffix=f"{f'.{server.purpose}' if server.purpose else ''}.redis",
        take=lambda file: redis.take(container, app, numbers, file),
        read=lambda file: redis.read(file, app),
        prove=lambda file: redis.prove(container, file, app),
    )


@contextmanager
def _documents(stack: Stack, server: Server, app: str, client: docker.DockerClient) -> Iterator[Source]:
    container, name = daemon.running(client, server.name), stack.mongo_users[app].database
    yield Source(
        kind="mongo",
        store=f"{server.name}/{name}",
        database=name,
        suffix=".mongo",
        take=lambda file: mongo.take(container, server, name, file),
        read=mongo.read,
        prove=lambda file: mongo.prove(container, server, file),
    )
