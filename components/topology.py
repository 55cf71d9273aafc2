"""From settings to components: the only module that knows which shape was chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from components.config import Settings
from components.config.models import PROBE_IMAGE
from components.naming import short_name
from components.network import DataAddresses, TieredNetwork, TieredNetworkArgs
from components.platforms import Lifecycle, Platform
from components.platforms.docker import DockerPlatform
from components.platforms.stopped import StoppedPlatform
from components.postgres import PostgresServerArgs, UnifiedPostgres, UnifiedPostgresArgs
from components.redis import RedisUser, RedisUserArgs, RedisWithDbs, RedisWithDbsArgs
from components.service import AppService, AppServiceArgs


@dataclass(frozen=True, kw_only=True)
class Topology:
    """Everything that a stack consists of, by app where it belongs to one."""

    settings: Settings
    networks: TieredNetwork
    postgres: UnifiedPostgres
    redis: RedisWithDbs
    redis_users: Mapping[str, RedisUser]
    services: Mapping[str, AppService]


def build(settings: Settings) -> Topology:
    """Declare the stack that `settings` describe, in the unified shape: one server of each kind for all the apps."""
    platform = _platform(settings)
    networks = TieredNetwork(
        "network", TieredNetworkArgs(platform=platform, prefix=settings.prefix, tiers=settings.network)
    )
    postgres = _postgres(settings, platform, networks)
    redis = _redis(settings, platform, networks)
    users = {
        app: RedisUser(f"redis-{app}", RedisUserArgs(server=redis, platform=platform, app=app, purposes=its.redis))
        for app, its in settings.apps.items()
        if its.redis
    }
    services = {
        app: _service(settings, app, platform, networks, postgres, users)
        for app, its in settings.apps.items()
        if its.service and settings.running
    }
    return Topology(
        settings=settings, networks=networks, postgres=postgres, redis=redis, redis_users=users, services=services
    )


def addresses(settings: Settings) -> DataAddresses:
    """The fixed addresses on the stack's data network."""
    subnet = settings.network["data"].subnet
    if subnet is None:
        raise ValueError("the data tier has no subnet; settings refuse that")
    return DataAddresses(subnet=subnet)


def _platform(settings: Settings) -> Platform:
    platform = DockerPlatform(
        lifecycle=Lifecycle(protect=settings.protect),
        stack_label=settings.prefix,
        helper_image=f"data-tier/redis:{settings.redis_major}",
    )
    return platform if settings.running else StoppedPlatform(platform)


def _postgres(settings: Settings, platform: Platform, networks: TieredNetwork) -> UnifiedPostgres:
    data = addresses(settings)
    server = PostgresServerArgs(
        platform=platform,
        settings=settings.postgres,
        major=settings.postgres_major,
        hostname=settings.postgres_name,
        aliases=(short_name(settings.prefix, settings.postgres_name),),
        network=networks.names["data"],
        subnet=str(data.subnet),
        gateway=data.gateway,
        address=data.postgres,
    )
    databases = {app: its.postgres for app, its in settings.apps.items() if its.postgres}
    return UnifiedPostgres("postgres", UnifiedPostgresArgs(server=server, apps=databases))


def _redis(settings: Settings, platform: Platform, networks: TieredNetwork) -> RedisWithDbs:
    args = RedisWithDbsArgs(
        platform=platform,
        settings=settings.redis,
        major=settings.redis_major,
        hostname=settings.redis_name,
        aliases=(short_name(settings.prefix, settings.redis_name),),
        network=networks.names["data"],
        address=addresses(settings).redis,
    )
    return RedisWithDbs("redis", args)


def _service(
    settings: Settings,
    app: str,
    platform: Platform,
    networks: TieredNetwork,
    postgres: UnifiedPostgres,
    users: Mapping[str, RedisUser],
) -> AppService:
    service = settings.apps[app].service
    if service is None:
        raise ValueError(f"{app} has no service")
    image = settings.service_image(app)
    stores: list[pulumi.Resource] = [*_existing(postgres.databases, app), *_existing(users, app)]
    args = AppServiceArgs(
        platform=platform,
        app=app,
        settings=service,
        tiers=settings.network,
        networks=networks,
        hostname=settings.service_name(app),
        image=image,
        stand_in=image == PROBE_IMAGE,
        urls=_urls(app, postgres, users),
        wait_for=stores,
    )
    return AppService(f"service-{app}", args)


def _existing(resources: Mapping[str, pulumi.Resource], app: str) -> list[pulumi.Resource]:
    return [resources[app]] if app in resources else []


def _urls(app: str, postgres: UnifiedPostgres, users: Mapping[str, RedisUser]) -> dict[str, pulumi.Output[str]]:
    """The app's data URLs by file name: the first purpose is `redis_url`, further ones carry their name."""
    urls: dict[str, pulumi.Output[str]] = {}
    if app in postgres.databases:
        urls["database_url"] = postgres.databases[app].url
    if app in users:
        for position, (purpose, url) in enumerate(users[app].urls.items()):
            urls["redis_url" if position == 0 else f"redis_url_{purpose.replace('-', '_')}"] = url
    return urls
