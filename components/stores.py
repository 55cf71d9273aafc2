"""The stores of apps in either place: on the shared servers, or on servers of their own.

Owns how settings become servers, databases and users. Which apps are in which place is `config.places`' to say, what
their services use `topology`'s.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pulumi

from components.config import Mongo, Postgres, Redis, Settings, mongo_places, places
from components.mongo import MongoServer, MongoServerArgs, MongoUser, MongoUserArgs
from components.naming import server_key, short_name
from components.network import AppNetwork, AppNetworkArgs, DataAddresses
from components.platforms import Lifecycle, Platform, present
from components.postgres import (
    AppDatabase,
    DatabaseSpec,
    IsolatedPostgres,
    IsolatedPostgresArgs,
    PostgresServer,
    PostgresServerArgs,
    UnifiedPostgres,
    UnifiedPostgresArgs,
)
from components.redis import RedisUser, RedisUserArgs, RedisWithDbs, RedisWithDbsArgs
from components.rotation import Rotation
from components.tls import CertificateAuthority

Servers = Mapping[str, PostgresServer | RedisWithDbs | MongoServer]


@dataclass(frozen=True, kw_only=True)
class Stores:
    """One app's stores in one place, and the network that their servers are on."""

    network: pulumi.Output[str]
    database: AppDatabase | None
    user: RedisUser | None
    mongo: MongoUser | None = None

    @property
    def needed(self) -> list[pulumi.Resource]:
        """What has to be there before the app can work."""
        return [
            *(self.database.needed if self.database else ()),
            *(self.user.needed if self.user else ()),
            *(self.mongo.needed if self.mongo else ()),
        ]

    @property
    def turned(self) -> list[pulumi.Resource]:
        """What takes the app's URLs after a rotation: nobody may be given them before. Empty before the first one."""
        login = self.database.login if self.database and self.database.rotation.turned else None
        return present(login, *(its.opened for its in (self.user, self.mongo) if its))

    def close_former(self, after: Sequence[pulumi.Resource]) -> None:
        """Take back what the generation before logged in with, once `after` have given the app its new URLs."""
        for store in (self.database, self.user, self.mongo):
            if store is not None:
                store.close_former(after)

    @property
    def urls(self) -> dict[str, pulumi.Output[str]]:
        """The data URLs by file name: the first purpose is `redis_url`, further ones carry their name."""
        urls = {"database_url": self.database.url} if self.database else {}
        for position, (purpose, url) in enumerate(self.user.urls.items() if self.user else ()):
            urls["redis_url" if position == 0 else f"redis_url_{purpose.replace('-', '_')}"] = url
        return {**urls, "mongodb_url": self.mongo.url} if self.mongo else urls


@dataclass(frozen=True, kw_only=True)
class _Spot:
    """Where servers are put: their network with its addresses, the labels that they carry, who certifies them."""

    network: pulumi.Output[str]
    addresses: DataAddresses
    labels: Mapping[str, str]
    tls: CertificateAuthority | None


def shared_addresses(settings: Settings) -> DataAddresses:
    """The fixed addresses on the data tier."""
    subnet = settings.network["data"].subnet
    if subnet is None:
        raise ValueError("the data tier has no subnet; settings refuse that")
    return DataAddresses(subnet=subnet)


def own_addresses(settings: Settings, app: str) -> DataAddresses:
    """The fixed addresses on an app's own network."""
    return DataAddresses.own(places.own_subnet(settings, app))


def shared(
    settings: Settings, platform: Platform, network: pulumi.Output[str], tls: CertificateAuthority | None
) -> tuple[Servers, dict[str, Stores]]:
    """The shared servers on the data tier, as far as apps use them, and the stores on them by app."""
    spot = _Spot(network=network, addresses=shared_addresses(settings), labels={}, tls=tls)
    apps = places.apps_in(settings, "unified")
    servers: dict[str, PostgresServer | RedisWithDbs | MongoServer] = {}
    databases: Mapping[str, AppDatabase] = {}
    users: dict[str, RedisUser] = {}
    if specs := {app: _database(settings, app) for app, its in apps.items() if its.postgres}:
        server = _postgres(settings, platform, settings.postgres, spot, _lifecycle(settings, specs))
        unified = UnifiedPostgres("postgres", UnifiedPostgresArgs(server=server, apps=specs))
        servers[server_key("postgres")], databases = unified.server, unified.databases
    if clients := [app for app, its in apps.items() if its.redis]:
        redis = RedisWithDbs("redis", _redis(settings, platform, settings.redis, spot, _lifecycle(settings, clients)))
        users = {app: RedisUser(f"redis-{app}", _user(settings, redis, app)) for app in clients}
        servers[server_key("redis")] = redis
    documents = _shared_mongo(settings, platform, spot, servers)
    return servers, {
        app: Stores(network=network, database=databases.get(app), user=users.get(app), mongo=documents.get(app))
        for app in apps
    }


def _shared_mongo(
    settings: Settings,
    platform: Platform,
    spot: _Spot,
    servers: dict[str, PostgresServer | RedisWithDbs | MongoServer],
) -> dict[str, MongoUser]:
    """The users of apps on the shared MongoDB server, which joins `servers`; none where no app uses it."""
    apps = [app for app, its in places.apps_in(settings, "unified").items() if its.mongo]
    if not apps:
        return {}
    args = _mongo(settings, platform, mongo_places.shared(settings), spot, _lifecycle(settings, apps))
    servers[server_key("mongo")] = server = MongoServer("mongo", args)
    return {app: MongoUser(f"mongo-{app}", _mongo_user(settings, server, app)) for app in apps}


def own(settings: Settings, platform: Platform, app: str, tls: CertificateAuthority | None) -> tuple[Servers, Stores]:
    """An app's own network, its servers there and the stores on them."""
    name, its = f"isolated-{app}", settings.apps[app]
    addresses = own_addresses(settings, app)
    args = AppNetworkArgs(platform=platform, prefix=settings.prefix, app=app, addresses=addresses)
    network = AppNetwork(f"{name}-network", args).network
    spot, lifecycle = (
        _Spot(network=network, addresses=addresses, labels={"data-tier.app": app}, tls=tls),
        _lifecycle(settings, [app]),
    )
    servers: dict[str, PostgresServer | RedisWithDbs | MongoServer] = {}
    database, user, mongo = None, None, None
    if its.postgres:
        server = _postgres(settings, platform, places.own_postgres(settings, app), spot, lifecycle)
        isolated = IsolatedPostgres(
            f"{name}-postgres", IsolatedPostgresArgs(server=server, database=_database(settings, app))
        )
        servers[server_key("postgres", app)], database = isolated.server, isolated.database
    if its.redis:
        redis = RedisWithDbs(
            f"{name}-redis", _redis(settings, platform, places.own_redis(settings, app), spot, lifecycle)
        )
        servers[server_key("redis", app)] = redis
        user = RedisUser(f"{name}-redis-user", _user(settings, redis, app))
    if its.mongo:
        documents = MongoServer(
            f"{name}-mongo", _mongo(settings, platform, mongo_places.own(settings, app), spot, lifecycle)
        )
        servers[server_key("mongo", app)] = documents
        mongo = MongoUser(f"{name}-mongo-user", _mongo_user(settings, documents, app))
    return servers, Stores(network=network, database=database, user=user, mongo=mongo)


def _lifecycle(settings: Settings, apps: Iterable[str]) -> Lifecycle:
    """That of data of `apps`: a server goes with the last of its apps that is purged."""
    return Lifecycle(protect=settings.protect and not set(settings.purging).issuperset(apps))


def _database(settings: Settings, app: str) -> DatabaseSpec:
    database = settings.apps[app].postgres
    if database is None:
        raise ValueError(f"{app} has no database")
    lifecycle = _lifecycle(settings, [app])
    return DatabaseSpec(
        settings=database,
        lifecycle=lifecycle,
        locked=app in settings.retired,
        rotation=_rotation(settings, app),
        drain=settings.rotation.drain,
    )


def _rotation(settings: Settings, app: str) -> Rotation:
    return Rotation(generation=settings.apps[app].generation, overlap=settings.apps[app].overlap)


def _user(settings: Settings, server: RedisWithDbs, app: str) -> RedisUserArgs:
    return RedisUserArgs(
        server=server,
        lifecycle=_lifecycle(settings, [app]),
        app=app,
        purposes=settings.apps[app].redis,
        locked=app in settings.retired,
        keys_go=app in settings.purging,
        rotation=_rotation(settings, app),
    )


def _postgres(
    settings: Settings, platform: Platform, server: Postgres, spot: _Spot, lifecycle: Lifecycle
) -> PostgresServerArgs:
    name = server.name or settings.postgres_name
    return PostgresServerArgs(
        platform=platform,
        lifecycle=lifecycle,
        settings=server,
        major=settings.postgres_major,
        hostname=name,
        aliases=(short_name(settings.prefix, name),),
        network=spot.network,
        subnet=str(spot.addresses.subnet),
        gateway=spot.addresses.gateway,
        address=spot.addresses.postgres,
        forwarder=spot.addresses.postgres_forwarder,
        tls=spot.tls,
        labels=spot.labels,
    )


def _redis(
    settings: Settings, platform: Platform, server: Redis, spot: _Spot, lifecycle: Lifecycle
) -> RedisWithDbsArgs:
    name = server.name or settings.redis_name
    return RedisWithDbsArgs(
        platform=platform,
        lifecycle=lifecycle,
        settings=server,
        major=settings.redis_major,
        hostname=name,
        aliases=(short_name(settings.prefix, name),),
        network=spot.network,
        address=spot.addresses.redis,
        forwarder=spot.addresses.redis_forwarder,
        tls=spot.tls,
        labels=spot.labels,
    )


def _mongo_user(settings: Settings, server: MongoServer, app: str) -> MongoUserArgs:
    its = settings.apps[app].mongo
    if its is None:
        raise ValueError(f"{app} has no MongoDB database")
    return MongoUserArgs(
        server=server,
        lifecycle=_lifecycle(settings, [app]),
        app=app,
        database=its.database,
        locked=app in settings.retired,
        data_goes=app in settings.purging,
        rotation=_rotation(settings, app),
        drain=settings.rotation.drain,
    )


def _mongo(settings: Settings, platform: Platform, server: Mongo, spot: _Spot, lifecycle: Lifecycle) -> MongoServerArgs:
    name = server.name or ""
    return MongoServerArgs(
        platform=platform,
        lifecycle=lifecycle,
        settings=server,
        major=settings.mongo_major,
        hostname=name,
        aliases=(short_name(settings.prefix, name),),
        network=spot.network,
        address=spot.addresses.mongo,
        tls=spot.tls,
        labels=spot.labels,
    )
