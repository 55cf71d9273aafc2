"""How settings become what servers, databases, users and poolers are built from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pulumi

from components.config import Mongo, Place, Postgres, Settings, extension_checks, places, pools
from components.config.redis_servers import RedisServer
from components.mongo import MongoServer, MongoServerArgs, MongoUserArgs
from components.naming import backup_name, pooler_name, relay_name, short_name
from components.network import DataAddresses
from components.platforms import Lifecycle, Platform
from components.pooler import PgBouncerArgs
from components.postgres import (
    AppDatabase,
    DatabaseSpec,
    ExternalPostgresArgs,
    ExternalServerArgs,
    PostgresServer,
    PostgresServerArgs,
)
from components.postgres._members import Group
from components.postgres.container import PORT
from components.redis import RedisUserArgs, RedisWithDbs, RedisWithDbsArgs
from components.rotation import Rotation
from components.secret_values import Values
from components.stores.addresses import redis_addresses
from components.tls import CertificateAuthority


@dataclass(frozen=True, kw_only=True)
class Spot:
    """Where servers are put: their network with its addresses, the labels that they carry, who certifies them."""

    network: pulumi.Output[str]
    addresses: DataAddresses
    labels: Mapping[str, str]
    tls: CertificateAuthority | None


def lifecycle(settings: Settings, apps: Iterable[str]) -> Lifecycle:
    """That of data of `apps`: a server goes with the last of its apps that is purged."""
    return Lifecycle(protect=settings.protect and not set(settings.purging).issuperset(apps))


def database(settings: Settings, app: str, place: Place) -> DatabaseSpec:
    """What an app's database in a place is built from."""
    its = settings.apps[app].postgres
    if its is None:
        raise ValueError(f"{app} has no database")
    outside = place == "isolated" and its.server.external is not None
    own = places.own_postgres(settings, app).name if place == "isolated" and not outside else None
    return DatabaseSpec(
        app=app,
        settings=its,
        lifecycle=lifecycle(settings, [app]),
        connections=pools.login_connections(settings, app, place),
        locked=app in settings.retired,
        pooler=pooler_name(own or settings.postgres_name) if settings.postgres.pooler and not outside else None,
        rotation=_rotation(settings, app),
        drain=settings.rotation.drain,
        looks=extension_checks.unknown(settings) and not outside,
        reading=sum(settings.readers[reader].connections for reader in places.readers(settings, [app])),
    )


def external(
    settings: Settings, platform: Platform, app: str, spot: Spot, values: Values
) -> ExternalPostgresArgs | None:
    """What an app's database on a server outside of the stack is built from, None where it is on one of the stack's."""
    its = places.external(settings, app)
    if its is None:
        return None
    made = database(settings, app, "isolated")
    server = ExternalServerArgs(
        platform=platform,
        settings=its,
        password=values[its.password],
        relay=relay_name(settings.prefix, app),
        network=spot.network,
        database=made,
        labels=spot.labels,
    )
    return ExternalPostgresArgs(server=server, database=made)


def _rotation(settings: Settings, app: str) -> Rotation:
    return Rotation(generation=settings.apps[app].generation, overlap=settings.apps[app].overlap)


def pooler(
    settings: Settings,
    place: Place,
    its: PostgresServerArgs,
    server: PostgresServer,
    databases: Mapping[str, AppDatabase],
) -> PgBouncerArgs | None:
    """What the pooler in front of a server is built from, None where the settings ask for none.

    Its pools are set after the databases.
    """
    asked, address = settings.postgres.pooler, its.pooler
    if asked is None or address is None:
        return None
    sizes = {
        database.database: size
        for app in databases
        if (database := settings.apps[app].postgres) and (size := pools.pool_size(settings, app, place))
    }
    hostname = pooler_name(its.hostname)
    return PgBouncerArgs(
        platform=its.platform,
        settings=asked,
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
        exporter=its.exporter,
        tls=its.tls,
        labels=its.labels,
    )


def user(settings: Settings, server: RedisWithDbs, app: str, purposes: Sequence[str]) -> RedisUserArgs:
    """What the user of an app is built from, for `purposes` on a server."""
    return RedisUserArgs(
        server=server,
        lifecycle=lifecycle(settings, [app]),
        app=app,
        purposes=purposes,
        locked=app in settings.retired,
        keys_go=app in settings.purging,
        rotation=_rotation(settings, app),
    )


def postgres(
    settings: Settings, platform: Platform, server: Postgres, spot: Spot, lives: Lifecycle
) -> PostgresServerArgs:
    """What a PostgreSQL server is built from."""
    name = server.name or settings.postgres_name
    return PostgresServerArgs(
        platform=platform,
        lifecycle=lives,
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
        watchdog=spot.addresses.watchdog,
        exporter=spot.addresses.postgres_exporter if settings.monitoring else None,
        backup=backup_name(name) if server.backed_up else None,
        tls=spot.tls,
        labels=spot.labels,
        group=_group(name, server, spot),
        follower=spot.addresses.follower if server.standbys is not None else "",
    )


def _group(name: str, server: Postgres, spot: Spot) -> Group | None:
    """The members of a server that has any."""
    if server.standbys is None:
        return None
    return Group(
        hostname=name,
        addresses={number: spot.addresses.member(number) for number in (1, 2)},
        count=1 + server.standbys,
        port=PORT,
        synchronous=server.standby.synchronous,
        slot=server.standby.slot,
        tls=spot.tls is not None,
    )


def redis(
    settings: Settings, platform: Platform, server: RedisServer, spot: Spot, lives: Lifecycle
) -> RedisWithDbsArgs:
    """What a Redis server is built from."""
    address, forwarder = redis_addresses(spot.addresses, server)
    return RedisWithDbsArgs(
        platform=platform,
        lifecycle=lives,
        settings=server,
        major=settings.redis_major,
        hostname=server.name,
        aliases=(short_name(settings.prefix, server.name),),
        network=spot.network,
        address=address,
        forwarder=forwarder,
        tls=spot.tls,
        labels=spot.labels,
    )


def mongo_user(settings: Settings, server: MongoServer, app: str) -> MongoUserArgs:
    """What the users of an app on a MongoDB server are built from."""
    its = settings.apps[app].mongo
    if its is None:
        raise ValueError(f"{app} has no MongoDB database")
    return MongoUserArgs(
        server=server,
        lifecycle=lifecycle(settings, [app]),
        app=app,
        database=its.database,
        locked=app in settings.retired,
        data_goes=app in settings.purging,
        rotation=_rotation(settings, app),
        drain=settings.rotation.drain,
    )


def mongo(settings: Settings, platform: Platform, server: Mongo, spot: Spot, lives: Lifecycle) -> MongoServerArgs:
    """What a MongoDB server is built from."""
    name = server.name or ""
    return MongoServerArgs(
        platform=platform,
        lifecycle=lives,
        settings=server,
        major=settings.mongo_major,
        hostname=name,
        aliases=(short_name(settings.prefix, name),),
        network=spot.network,
        address=spot.addresses.mongo,
        tls=spot.tls,
        labels=spot.labels,
    )
