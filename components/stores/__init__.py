"""The stores of apps in either place: on the shared servers, or on servers of their own.

Owns which components a stack's stores consist of; what each is built from belongs to `arguments`. Which apps are in
which place is `config.places`' to say, what their services use `topology`'s.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import pulumi

from components.config import Place, Settings, mongo_places, places, redis_servers
from components.config.redis_servers import RedisServer
from components.config.watchdog_checks import watched
from components.mongo import MongoServer, MongoUser
from components.naming import server_key
from components.network import AppNetwork, AppNetworkArgs
from components.platforms import Platform, present
from components.pooler import PgBouncer
from components.postgres import (
    AppDatabase,
    ExternalPostgres,
    ExternalServer,
    IsolatedPostgres,
    IsolatedPostgresArgs,
    PostgresServer,
    PostgresServerArgs,
    UnifiedPostgres,
    UnifiedPostgresArgs,
)
from components.redis import RedisUser, RedisWithDbs
from components.secret_values import Values
from components.stores import arguments
from components.stores.addresses import own_addresses, redis_addresses, shared_addresses
from components.stores.arguments import Spot
from components.tls import CertificateAuthority

__all__ = ["Servers", "Stores", "own", "own_addresses", "redis_addresses", "shared", "shared_addresses"]

Server = PostgresServer | ExternalServer | RedisWithDbs | MongoServer
Servers = Mapping[str, Server]


@dataclass(frozen=True, kw_only=True)
class Stores:
    """One app's stores in one place, and the network that their servers are on; its purposes, the main one first.

    `authorities` are those of servers outside of the stack, by the name of the file that URLs name; `outlet` is the
    way there.
    """

    network: pulumi.Output[str]
    database: AppDatabase | None
    users: Sequence[RedisUser] = ()
    purposes: Sequence[str] = ()
    mongo: MongoUser | None = None
    pooler: PgBouncer | None = None
    direct: bool = False
    reads: bool = False
    authorities: Mapping[str, str] = field(default_factory=dict)
    outlet: pulumi.Resource | None = None

    @property
    def needed(self) -> list[pulumi.Resource]:
        """What has to be there before the app can work."""
        return [
            *(self.database.needed if self.database else ()),
            *(needed for user in self._users for needed in user.needed),
            *present(self.pooler, self.outlet),
        ]

    @property
    def turned(self) -> list[pulumi.Resource]:
        """What takes the app's URLs after a rotation: nobody may be given them before. Empty before the first one."""
        login = self.database.login if self.database and self.database.rotation.turned else None
        return present(login, *(user.opened for user in self._users))

    def close_former(self, after: Sequence[pulumi.Resource]) -> None:
        """Take back what the generation before logged in with, once `after` have given the app its new URLs."""
        if self.database:
            self.database.close_former(after, self.pooler.hostname if self.pooler else None)
        for user in self._users:
            user.close_former(after)

    @property
    def urls(self) -> dict[str, pulumi.Output[str]]:
        """The data URLs by file name: the first purpose is `redis_url`, further ones carry their name."""
        urls = {"database_url": self.database.url} if self.database else {}
        if self.database and self.direct:
            urls["database_direct_url"] = self.database.direct_url
        if self.database and self.reads:
            urls["database_read_url"] = self.database.read_url
        by_purpose = {purpose: url for user in self.users for purpose, url in user.urls.items()}
        for position, purpose in enumerate(self.purposes):
            urls["redis_url" if position == 0 else f"redis_url_{purpose.replace('-', '_')}"] = by_purpose[purpose]
        return {**urls, "mongodb_url": self.mongo.url} if self.mongo else urls

    @property
    def _users(self) -> list[RedisUser | MongoUser]:
        return [*self.users, *([self.mongo] if self.mongo else [])]


def shared(
    settings: Settings,
    platform: Platform,
    network: pulumi.Output[str],
    tls: CertificateAuthority | None,
    values: Values,
) -> tuple[Servers, dict[str, Stores]]:
    """The shared servers on the data tier, as far as apps use them, and the stores on them by app."""
    spot = Spot(network=network, addresses=shared_addresses(settings), labels={}, tls=tls, values=values)
    apps = places.apps_in(settings, "unified")
    servers: dict[str, Server] = {}
    databases: Mapping[str, AppDatabase] = {}
    pooler: PgBouncer | None = None
    if specs := {app: arguments.database(settings, app, "unified") for app, its in apps.items() if its.postgres}:
        server = arguments.postgres(settings, platform, settings.postgres, spot, arguments.lifecycle(settings, specs))
        args = UnifiedPostgresArgs(server=server, apps=specs, watched=watched(settings, None))
        unified = UnifiedPostgres("postgres", args)
        servers[server_key("postgres")], databases = unified.server, unified.databases
        pooler = _pooler("postgres-pooler", settings, "unified", server, unified.server, unified.databases)
    users: dict[str, list[RedisUser]] = {app: [] for app in apps}
    for server_settings in redis_servers.unified(settings).values():
        servers[server_settings.key] = _unified_redis(settings, platform, server_settings, spot, users)
    documents = _unified_mongo(settings, platform, spot, servers)
    return servers, {
        app: _of_app(settings, app, network, databases.get(app), users[app], documents.get(app), pooler) for app in apps
    }


def _unified_redis(
    settings: Settings, platform: Platform, server: RedisServer, spot: Spot, users: Mapping[str, list[RedisUser]]
) -> RedisWithDbs:
    """A Redis server on the data tier; `users` get those of the apps on it."""
    name = f"purpose-{server.purpose}-redis" if server.purpose else "redis"
    uses = {app: [purpose for purpose in settings.apps[app].redis if purpose in server.databases] for app in users}
    clients = {app: purposes for app, purposes in uses.items() if purposes}
    lives = arguments.lifecycle(settings, clients)
    made = RedisWithDbs(name, arguments.redis(settings, platform, server, spot, lives))
    for app, purposes in clients.items():
        users[app].append(RedisUser(f"{name}-{app}", arguments.user(settings, made, app, purposes)))
    return made


def _unified_mongo(
    settings: Settings, platform: Platform, spot: Spot, servers: dict[str, Server]
) -> dict[str, MongoUser]:
    """The users of apps on the shared MongoDB server, which joins `servers`; none where no app uses it."""
    apps = [app for app, its in places.apps_in(settings, "unified").items() if its.mongo]
    if not apps:
        return {}
    lives = arguments.lifecycle(settings, apps)
    args = arguments.mongo(settings, platform, mongo_places.shared(settings), spot, lives)
    servers[server_key("mongo")] = server = MongoServer("mongo", args)
    return {app: MongoUser(f"mongo-{app}", arguments.mongo_user(settings, server, app)) for app in apps}


def own(
    settings: Settings, platform: Platform, app: str, tls: CertificateAuthority | None, values: Values
) -> tuple[Servers, Stores]:
    """An app's own network, its servers there, or the way to one outside of the stack, and the stores on them.

    `values` has the passwords that people bring.
    """
    name, its = f"isolated-{app}", settings.apps[app]
    addresses = own_addresses(settings, app)
    args = AppNetworkArgs(platform=platform, prefix=settings.prefix, app=app, addresses=addresses)
    network = AppNetwork(f"{name}-network", args).network
    spot = Spot(network=network, addresses=addresses, labels={"data-tier.app": app}, tls=tls, values=values)
    lives = arguments.lifecycle(settings, [app])
    servers: dict[str, Server] = {}
    database, mongo, pooler = None, None, None
    users: list[RedisUser] = []
    outside = arguments.external(settings, platform, app, spot, values)
    if outside:
        external = ExternalPostgres(f"{name}-postgres", outside)
        servers[server_key("postgres", app)], database = external.server, external.database
    elif its.postgres:
        server = arguments.postgres(settings, platform, places.own_postgres(settings, app), spot, lives)
        isolated = IsolatedPostgres(
            f"{name}-postgres",
            IsolatedPostgresArgs(
                server=server,
                database=arguments.database(settings, app, "isolated"),
                watched=watched(settings, app),
            ),
        )
        servers[server_key("postgres", app)], database = isolated.server, isolated.database
        databases = {app: database}
        pooler = _pooler(f"{name}-postgres-pooler", settings, "isolated", server, isolated.server, databases)
    if its.redis:
        server_settings = redis_servers.own(settings, app)
        redis = RedisWithDbs(f"{name}-redis", arguments.redis(settings, platform, server_settings, spot, lives))
        servers[server_settings.key] = redis
        users.append(RedisUser(f"{name}-redis-user", arguments.user(settings, redis, app, its.redis)))
    if its.mongo:
        documents = MongoServer(
            f"{name}-mongo", arguments.mongo(settings, platform, mongo_places.own(settings, app), spot, lives)
        )
        servers[server_key("mongo", app)] = documents
        mongo = MongoUser(f"{name}-mongo-user", arguments.mongo_user(settings, documents, app))
    found = _of_app(settings, app, network, database, users, mongo, pooler)
    if outside:
        found = replace(found, authorities=external.server.authorities, outlet=external.server.outlet.ready)
    return servers, found


def _of_app(
    settings: Settings,
    app: str,
    network: pulumi.Output[str],
    database: AppDatabase | None,
    users: Sequence[RedisUser],
    mongo: MongoUser | None,
    pooler: PgBouncer | None,
) -> Stores:
    its = settings.apps[app]
    return Stores(
        network=network,
        database=database,
        users=users,
        purposes=its.redis,
        mongo=mongo,
        pooler=pooler if database else None,
        direct=bool(its.postgres and its.postgres.direct),
        reads=bool(its.postgres and its.postgres.read_url),
    )


def _pooler(
    name: str,
    settings: Settings,
    place: Place,
    its: PostgresServerArgs,
    server: PostgresServer,
    databases: Mapping[str, AppDatabase],
) -> PgBouncer | None:
    args = arguments.pooler(settings, place, its, server, databases)
    return PgBouncer(name, args) if args else None
