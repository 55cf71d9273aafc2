"""The servers of a stack and what apps have on them, one by one, as its outputs tell of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Server:
    """One database server. `app` is None for a shared one, `expose` the loopback port that leads to it, if one does.

    `purpose` is the only one that it serves, where it is the Redis server of one.
    `backup` is the container that makes its backups, None where there are none.
    With `members` it is these containers, one of which is the primary; `ways` lead there, the first one by its name,
    and with `synchronous` commits wait for the standby. `tls` says that it takes no connection in clear, `stand_in`
    that it only serves in its kind's place.
    """

    kind: str
    app: str | None
    name: str
    address: str
    port: int
    admin: str
    network: str
    volume: str
    expose: int | None = None
    tls: bool = False
    purpose: str | None = None
    stand_in: bool = False
    generation: int = 1
    backup: str | None = None
    members: tuple[str, ...] = ()
    ways: tuple[str, ...] = ()
    synchronous: bool = False

    @property
    def containers(self) -> tuple[str, ...]:
        """Those that hold its data: its members, or itself."""
        return self.members or (self.name,)


@dataclass(frozen=True, kw_only=True)
class ExternalServer:
    """A PostgreSQL server outside of the stack: `relay` and `outlet` are the containers on the way there from the
    `network` of `app`, `ca` is the file with the authorities that verify it."""

    app: str
    host: str
    port: int
    admin: str
    sslmode: str
    major: int
    relay: str
    outlet: str
    network: str
    ca: str | None = None

    @property
    def where(self) -> str:
        """How people say which server it is."""
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, kw_only=True)
class Pooler:
    """The pooler in front of the server of the same key."""

    name: str
    address: str
    port: int


@dataclass(frozen=True, kw_only=True)
class Database:
    """An app's database: `server` is the key of the one that it serves from, `places` where it is declared.

    `row_level_security` is what the stack file asks for, None where it doesn't.
    """

    database: str
    server: str
    places: tuple[str, ...] = ()
    row_level_security: Mapping[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class RedisUser:
    """An app's users on Redis: the number of each purpose, the main one first, and the key of the server it is on.

    `server` is that of the main one.
    """

    server: str
    purposes: Mapping[str, int]
    servers: Mapping[str, str] = field(default_factory=dict)

    def server_of(self, purpose: str) -> str:
        """The key of the server that a purpose is served from."""
        return self.servers.get(purpose, self.server)


@dataclass(frozen=True, kw_only=True)
class MongoUser:
    """An app's database on a MongoDB server, and the two users that alternate."""

    server: str
    database: str
    users: tuple[str, ...] = ()
