"""What of a MongoDB server is asked from this host, by its own driver: use of a database, and its users.

Not inside the container as with other servers: the image has no client that is light enough for a look every few
seconds, and what stands in for MongoDB has none at all. The admin's password is read from the file inside.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from docker.models.containers import Container
from pymongo.errors import PyMongoError

from operate import inside, mongo_client
from operate.errors import OperateError
from operate.mongo_client import Client
from operate.mongo_users import said
from operate.stack import MongoUser, Server

_SECONDS: Final = 10
_LOOPBACK: Final = "127.0.0.1"


@dataclass(frozen=True, kw_only=True)
class Used:
    """How many connections are logged in to a database, and how large its data is, in bytes."""

    connections: int
    bytes: int


def use(container: Container, server: Server, its: MongoUser) -> Used:
    """An app's use of its database. Raises OperateError where the server doesn't answer."""
    with admin(container, server, _SECONDS) as client:
        size = client[its.database].command("dbStats")
        users = dict.fromkeys(its.users, its.database)
        return Used(connections=len(mongo_client.sessions(client, users)), bytes=int(size["totalSize"]))


def users(container: Container, server: Server, its: MongoUser) -> set[str]:
    """The users that a server has for an app's database. Raises OperateError where the server doesn't answer."""
    with admin(container, server, _SECONDS) as client:
        return {str(one["user"]) for one in client[its.database].command("usersInfo", 1)["users"]}


@contextmanager
def admin(container: Container, server: Server, seconds: float) -> Iterator[Client]:
    """A client that is logged in as the admin. Raises OperateError, also for what its commands raise."""
    way = mongo_client.Way(
        host=_LOOPBACK if server.expose else server.address,
        port=server.expose or server.port,
        user=server.admin,
        password=_file(container, "mongo_admin"),
        ca=_file(container, "ca.crt") if server.tls else None,
    )
    try:
        with mongo_client.connected(way, seconds=seconds) as client:
            yield client
    except PyMongoError as error:
        raise OperateError(f"{server.name}: {said(error)}") from None


def _file(container: Container, name: str) -> str:
    done = inside.capture(container, ["cat", f"/run/secrets/{name}"], seconds=_SECONDS)
    if done.code:
        raise OperateError(f"{container.name}: {done.reason}")
    return done.out.decode().strip()
