"""A stack as it tells about itself: servers, databases, networks and services by name, from its outputs.

Owns the reading of outputs and the questions that several commands ask of them. What runs is Docker's to say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar
from urllib.parse import urlsplit

from operate import pulumi
from operate.errors import OperateError
from operate.stores import Database, ExternalServer, MongoUser, Pooler, RedisUser, Server
from operate.watching import Monitoring

__all__ = [
    "Database",
    "ExternalServer",
    "Held",
    "MongoUser",
    "Network",
    "Pooler",
    "RedisUser",
    "Secrets",
    "Server",
    "Service",
    "Stack",
    "admin_password",
    "parse",
    "read",
    "read_with_secrets",
]
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Network:
    """A network of the stack; `publish_network` is the one through which an internal tier publishes its ports."""

    name: str
    internal: bool
    publish: str | None = None
    publish_network: str | None = None


@dataclass(frozen=True, kw_only=True)
class Service:
    """An app's container; `url` and `publish` (loopback or public) say where its port is published, if it has one.

    `uses` are the apps whose databases it is given beside its own stores, by variable.
    """

    name: str
    url: str | None = None
    publish: str | None = None
    uses: Mapping[str, str] = field(default_factory=dict)

    @property
    def port(self) -> int | None:
        """The published host port."""
        return urlsplit(self.url).port if self.url else None


@dataclass(frozen=True, kw_only=True)
class Held:
    """What the ledger says of an app."""

    places: tuple[str, ...] = ()
    retired: bool = False
    purging: bool = False
    generation: int | None = None


@dataclass(frozen=True, kw_only=True)
class Stack:
    """Everything that the commands need to know of a stack, without its secrets; `ca` verifies its servers."""

    name: str
    prefix: str
    running: bool
    servers: Mapping[str, Server]
    databases: Mapping[str, Database]
    redis_users: Mapping[str, RedisUser]
    networks: Mapping[str, Network]
    services: Mapping[str, Service]
    apps: Mapping[str, Held]
    mongo_users: Mapping[str, MongoUser] = field(default_factory=dict)
    poolers: Mapping[str, Pooler] = field(default_factory=dict)
    external_servers: Mapping[str, ExternalServer] = field(default_factory=dict)
    monitoring: Monitoring | None = None
    ca: str | None = field(default=None, compare=False)  # one that is issued anew makes no other stack

    def require(self, app: str) -> None:
        """Raises OperateError for an app that the stack hasn't."""
        if app not in {*self.apps, *self.services, *self.databases, *self.redis_users, *self.mongo_users}:
            known = ", ".join(sorted({*self.apps, *self.services})) or "none"
            raise OperateError(f"stack {self.name} has no app {app}; its apps: {known}")

    def own_servers(self, app: str) -> list[Server]:
        """The servers that only `app` uses."""
        return [server for server in self.servers.values() if server.app == app]

    def own_relays(self, app: str) -> list[str]:
        """The containers through which `app` reaches a server outside of the stack, the one further out first."""
        return [name for its in self.external_servers.values() if its.app == app for name in (its.outlet, its.relay)]

    def own_poolers(self, app: str) -> list[Pooler]:
        """The poolers in front of the servers that only `app` uses."""
        return [pooler for key, pooler in self.poolers.items() if self.servers[key].app == app]

    def holds(self, server: Server, app: str) -> bool:
        """Whether stores of `app` are declared on that server; during a move they are on two."""
        places = self.apps[app].places if app in self.apps else ()
        here = server.app == app or (server.app is None and "unified" in places)
        others = server.kind == "redis" and app in self.redis_users and not self.numbers_on(server, app)
        return here and not others

    def numbers_on(self, server: Server, app: str) -> list[int]:
        """The numbers that an app uses on a Redis server where it has a user; ascending."""
        purposes = self.redis_users[app].purposes if app in self.redis_users else {}
        elsewhere = {its.purpose for its in self.servers.values() if its.purpose}
        mine = [server.purpose] if server.purpose else purposes.keys() if server.app else purposes.keys() - elsewhere
        return sorted({purposes[purpose] for purpose in mine if purpose in purposes})

    def servers_used_by(self, app: str) -> list[Server]:
        """The servers of the stack that `app` is served from, its own and shared ones."""
        keys = [self.databases[app].server] if app in self.databases else []
        if user := self.redis_users.get(app):
            keys += [user.server_of(purpose) for purpose in user.purposes]
        if app in self.mongo_users:
            keys.append(self.mongo_users[app].server)
        return [self.servers[key] for key in dict.fromkeys(keys) if key in self.servers]


@dataclass(frozen=True, kw_only=True)
class Secrets:
    """The URLs by app and variable (`DATABASE_URL`, `MIGRATE_DATABASE_URL` and so on), never to be logged.

    `readers` are those of readers, by reader and app.
    """

    urls: Mapping[str, Mapping[str, str]] = field(repr=False)
    readers: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False)

    def of_reader(self, reader: str, app: str) -> Mapping[str, str]:
        """The URL of an app's database for one of its readers, as `DATABASE_URL`. Raises OperateError for another."""
        if app not in self.readers.get(reader, {}):
            those = ", ".join(sorted(name for name, urls in self.readers.items() if app in urls)) or "none"
            raise OperateError(f"{reader} isn't a reader of {app}; its readers: {those}")
        return {"DATABASE_URL": self.readers[reader][app]}

    def of(self, app: str) -> Mapping[str, str]:
        """The URLs of one app; empty for one without stores."""
        return self.urls.get(app, {})


def read(stack: str) -> Stack:
    """The stack's outputs. Raises OperateError where there are none, or they were written by another version."""
    return parse(stack, pulumi.outputs(stack))


def read_with_secrets(stack: str) -> tuple[Stack, Secrets]:
    """The stack and the URLs of all its apps, by one call of the engine. Raises OperateError."""
    found = pulumi.outputs(stack, show_secrets=True)
    return parse(stack, found), _secrets(stack, found)


def admin_password(stack: str, key: str) -> str:
    """The password of the admin of one server, never to be logged. Raises OperateError where the stack has none."""
    found = pulumi.outputs(stack, show_secrets=True).get("secrets")
    try:
        return str(found["admin_passwords"][key])  # type: ignore[index]  # what isn't one is answered below
    except (KeyError, TypeError):
        raise _old(stack) from None


def _secrets(stack: str, outputs: Mapping[str, Any]) -> Secrets:
    found = outputs.get("secrets")
    if not isinstance(found, dict) or "urls" not in found:
        raise _old(stack)
    urls = {app: {file.upper(): url for file, url in its.items()} for app, its in found["urls"].items()}
    for app, url in found.get("migrate_urls", {}).items():
        urls.setdefault(app, {})["MIGRATE_DATABASE_URL"] = url
    return Secrets(urls=urls, readers=found.get("reader_urls", {}))


def parse(name: str, outputs: Mapping[str, Any]) -> Stack:
    """A stack from its outputs; keys that no command needs are left out. Raises OperateError."""
    try:
        return Stack(
            name=name,
            prefix=outputs["prefix"],
            running=outputs["running"],
            servers=_each(Server, outputs["servers"]),
            databases=_each(Database, outputs["databases"]),
            redis_users=_each(RedisUser, outputs["redis_users"]),
            networks=_each(Network, outputs["networks"]),
            services=_each(Service, outputs["services"]),
            apps=_each(Held, outputs["apps"]),
            mongo_users=_each(MongoUser, outputs.get("mongo_users", {})),
            poolers=_each(Pooler, outputs.get("poolers", {})),
            external_servers=_each(ExternalServer, outputs.get("external_servers", {})),
            monitoring=_each(Monitoring, {"": found}).get("") if (found := outputs.get("monitoring")) else None,
            ca=outputs.get("ca"),
        )
    except (KeyError, TypeError, AttributeError):
        raise _old(name) from None


def _each(kind: type[T], entries: Mapping[str, Mapping[str, Any]]) -> dict[str, T]:
    wanted = {one.name for one in fields(kind)}  # type: ignore[arg-type]  # every `kind` is a dataclass
    return {
        key: kind(**{name: _frozen(value) for name, value in entry.items() if name in wanted})
        for key, entry in entries.items()
    }


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _old(stack: str) -> OperateError:
    return OperateError(
        f"stack {stack} was built by another version of this program: `make up STACK={stack}` renews it"
    )
