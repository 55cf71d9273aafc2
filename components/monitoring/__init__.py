"""The monitoring of a stack: an exporter beside every PostgreSQL and Redis server, and one Prometheus.

Owns how settings become them. MongoDB has none: Debian's exporter is of 2018 and knows no server of today.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pulumi

from components import redis as redis_component
from components.config import Place, Settings, postgres_servers, redis_servers
from components.config.redis_servers import RedisServer
from components.monitoring.exporter import Exporter, ExporterArgs
from components.monitoring.prometheus import Prometheus, PrometheusArgs
from components.naming import POOLER_PORT, backup_name, host_way_name
from components.network import DataAddresses
from components.platforms import Platform
from components.postgres import PostgresServer
from components.postgres.container import PORT as POSTGRES_PORT
from components.redis import RedisWithDbs
from components.stores import Servers, Stores, own_addresses, shared_addresses
from components.tls import CertificateAuthority

__all__ = ["Around", "Prometheus", "build"]


@dataclass(frozen=True, kw_only=True)
class Around:
    """What of a stack is there when its monitoring is built."""

    settings: Settings
    platform: Platform
    tls: CertificateAuthority | None
    servers: Servers
    stores: Mapping[str, Mapping[Place, Stores]]
    data_network: pulumi.Output[str] | None


def build(its: Around) -> Prometheus | None:
    """Declare the monitoring; None where the settings ask for none."""
    asked = its.settings.monitoring
    if asked is None:
        return None
    prometheus = Prometheus(
        "monitoring",
        PrometheusArgs(
            platform=its.platform,
            prefix=its.settings.prefix,
            settings=asked,
            renew_days=its.settings.tls.renew_days,
        ),
    )
    exporters = [*_postgres(its, prometheus.network), *_redis(its, prometheus.network)]
    prometheus.ask([exporter.target for exporter in exporters])
    return prometheus


def _postgres(its: Around, monitoring: pulumi.Output[str]) -> Iterator[Exporter]:
    settings = its.settings
    for declared in postgres_servers.declared(settings):
        key, app, name = declared.key, declared.app, declared.name
        server = its.servers[key]
        if not isinstance(server, PostgresServer):
            raise TypeError(f"{key} is no PostgreSQL server of the stack")
        at, network = _where(its, app)
        pooler = _pooler(its, app)
        args = ExporterArgs(
            platform=its.platform,
            key=key,
            server=server,
            hostname=name,
            host=name if declared.server.standbys is None else host_way_name(name),
            port=POSTGRES_PORT,
            generation=declared.server.generation,
            network=network,
            subnet=str(at.subnet),
            address=at.postgres_exporter,
            monitoring=monitoring,
            app=app,
            tls=its.tls,
            pooler=pooler,
            pooler_port=POOLER_PORT,
            processes=settings.postgres.pooler.count if pooler and settings.postgres.pooler else 0,
            backup=backup_name(name) if declared.server.backed_up else None,
            labels={"data-tier.app": app} if app else {},
        )
        yield Exporter(_name(key), args)


def _redis(its: Around, monitoring: pulumi.Output[str]) -> Iterator[Exporter]:
    for key, declared in redis_servers.declared(its.settings).items():
        server = its.servers[key]
        if not isinstance(server, RedisWithDbs):
            raise TypeError(f"{key} is no Redis server")
        at, network = _where(its, declared.app)
        args = ExporterArgs(
            platform=its.platform,
            key=key,
            server=server,
            hostname=declared.name,
            host=declared.name,
            port=redis_component.PORT,
            generation=declared.generation,
            network=network,
            subnet=str(at.subnet),
            address=_redis_address(at, declared),
            monitoring=monitoring,
            app=declared.app,
            tls=its.tls,
            labels={"data-tier.app": declared.app} if declared.app else {},
        )
        yield Exporter(_name(key), args)


def _name(key: str) -> str:
    return f"exporter-{key.replace('.', '-purpose-')}"


def _redis_address(at: DataAddresses, server: RedisServer) -> str | None:
    """Redis lets users in from anywhere on its network: only on an app's own has the address to be free for it."""
    return None if server.purpose else at.redis_exporter


def _where(its: Around, app: str | None) -> tuple[DataAddresses, pulumi.Output[str]]:
    if app is not None:
        return own_addresses(its.settings, app), its.stores[app]["isolated"].network
    if its.data_network is None:
        raise ValueError("there is no data tier; settings refuse that")
    return shared_addresses(its.settings), its.data_network


def _pooler(its: Around, app: str | None) -> str | None:
    place: Place = "isolated" if app else "unified"
    found = (stores[place].pooler for name, stores in its.stores.items() if place in stores and app in {None, name})
    return next((pooler.hostname for pooler in found if pooler is not None), None)
