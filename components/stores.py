"""The stores of apps in either place: on the shared servers, or on servers of their own.

Owns how settings become servers, databases and users. Which apps are in which place is `config.places`' to say, what
their services use `topology`'s.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pulumi

from components.config import Place, Postgres, Redis, Settings, places, pools
from components.naming import pooler_name, server_key, short_name
from components.network import AppNetwork, AppNetworkArgs, DataAddresses
from components.platforms import Lifecycle, Platform, present
from components.pooler import PgBouncer, PgBouncerArgs
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

Servers = Mapping[str, PostgresServer | RedisWithDbs]


@dataclass(frozen=True, kw_only=True)
class Stores:
    """One app's stores in one place, and the network that their servers are on."""

    network: pulumi.Output[str]
    database: AppDatabase | None
    user: RedisUser | None
    pooler: PgBouncer | None = None
    direct: bool = False

    @property
    def needed(self) -> list[pulumi.Resource]:
        """What has to be there before the app can work."""
        return [
            *(self.database.needed if self.database else ()),
            *(self.user.needed if self.user else ()),
            *present(self.pooler),
        ]

    @property
    def turned(self) -> list[pulumi.Resource]:
        """What takes the app's URLs after a rotation: nobody may be given them before. Empty before the first one."""
        login = self.database.login if self.database and self.database.rotation.turned else None
        return present(login, self.user.opened if self.user else None)

    def close_former(self, after: Sequence[pulumi.Resource]) -> None:
        """Take back what the generation before logged in with, once `after` have given the app its new URLs."""
        if self.database:
            self.database.close_former(after, self.pooler.hostname if self.pooler else None)
        if self.user:
            self.user.close_former(after)

    @property
    def urls(self) -> dict[str, pulumi.Output[str]]:
        """The data URLs by file name: the first purpose is `redis_url`, further ones carry their name."""
        urls = {"database_url": self.database.url} if self.database else {}
        if self.database and self.direct:
            urls["database_direct_url"] = self.database.direct_url
        for position, (purpose, url) in enumerate(self.user.urls.items() if self.user else ()):
            urls["redis_url" if position == 0 else f"redis_url_{purpose.replace('-', '_')}"] = url
        return urls


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
    servers: dict[str, PostgresServer | RedisWithDbs] = {}
    databases: Mapping[str, AppDatabase] = {}
    users: dict[str, RedisUser] = {}
    pooler: PgBouncer | None = None
    if specs := {app: _database(settings, app, "unified") for app, its in apps.items() if its.postgres}:
        server = _postgres(settings, platform, settings.postgres, spot, _lifecycle(settings, specs))
        unified = UnifiedPostgres("postgres", UnifiedPostgresArgs(server=server, apps=specs))
        servers[server_key("postgres")], databases = unified.server, unified.databases
        pooler = _pooler("postgres-pooler", settings, "unified", server, unified.server, unified.databases, tls)
    if clients := [app for app, its in apps.items() if its.redis]:
        redis = RedisWithDbs("redis", _redis(settings, platform, settings.redis, spot, _lifecycle(settings, clients)))
        users = {app: RedisUser(f"redis-{app}", _user(settings, redis, app)) for app in clients}
        servers[server_key("redis")] = redis
    return servers, {app: _of_app(settings, app, network, databases.get(app), users.get(app), pooler) for app in apps}


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
    servers: dict[str, PostgresServer | RedisWithDbs] = {}
    database, user, pooler = None, None, None
    if its.postgres:
        server = _postgres(settings, platform, places.own_postgres(settings, app), spot, lifecycle)
        spec = _database(settings, app, "isolated")
        isolated = IsolatedPostgres(f"{name}-postgres", IsolatedPostgresArgs(server=server, database=spec))
        servers[server_key("postgres", app)], database = isolated.server, isolated.database
        found = {app: isolated.database}
        pooler = _pooler(f"{name}-postgres-pooler", settings, "isolated", server, isolated.server, found, tls)
    if its.redis:
        redis = RedisWithDbs(
            f"{name}-redis", _redis(settings, platform, places.own_redis(settings, app), spot, lifecycle)
        )
        servers[server_key("redis", app)] = redis
        user = RedisUser(f"{name}-redis-user", _user(settings, redis, app))
    return servers, _of_app(settings, app, network, database, user, pooler)


def _of_app(
    settings: Settings,
    app: str,
    network: pulumi.Output[str],
    database: AppDatabase | None,
    user: RedisUser | None,
    pooler: PgBouncer | None,
) -> Stores:
    its = settings.apps[app].postgres
    return Stores(
        network=network,
        database=database,
        user=user,
        pooler=pooler if database else None,
        direct=bool(its and its.direct),
    )


def _pooler(
    name: str,
    settings: Settings,
    place: Place,
    its: PostgresServerArgs,
    server: PostgresServer,
    databases: Mapping[str, AppDatabase],
    tls: CertificateAuthority | None,
) -> PgBouncer | None:
    """The pooler in front of a server, where the settings ask for one; its pools are set after the databases."""
    pooler, address = settings.postgres.pooler, its.pooler
    if pooler is None or address is None:
        return None
    sizes = {
        database.database: size
        for app in databases
        if (database := settings.apps[app].postgres) and (size := pools.pool_size(settings, app, place))
    }
    hostname = pooler_name(its.hostname)
    args = PgBouncerArgs(
        platform=its.platform,
        settings=pooler,
        server=server,
        server_settings=its.settings,
        hostname=hostname,
        aliases=(short_name(settings.prefix, hostname),),
        network=its.network,
        subnet=its.subnet,
        gateway=its.gateway,
        address=address,
        pools=sizes,
        after=[one for database in databases.values() for one in database.needed],
        tls=tls,
        labels=its.labels,
    )
    return PgBouncer(name, args)


def _lifecycle(settings: Settings, apps: Iterable[str]) -> Lifecycle:
    """That of data of `apps`: a server goes with the last of its apps that is purged."""
    return Lifecycle(protect=settings.protect and not set(settings.purging).issuperset(apps))


def _database(settings: Settings, app: str, place: Place) -> DatabaseSpec:
    database = settings.apps[app].postgres
    if database is None:
        raise ValueError(f"{app} has no database")
    own = places.own_postgres(settings, app).name if place == "isolated" else None
    return DatabaseSpec(
        settings=database,
        lifecycle=_lifecycle(settings, [app]),
        connections=pools.login_connections(settings, app, place),
        locked=app in settings.retired,
        pooler=pooler_name(own or settings.postgres_name) if settings.postgres.pooler else None,
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
        pooler=spot.addresses.pooler if server.pooler else None,
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
