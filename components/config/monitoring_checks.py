"""What is wrong with the monitoring: names that its containers have, a data tier without room for the exporters.

Owns which servers have an exporter, and what its container is called.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from components.config import places, redis_servers
from components.config.errors import Problem
from components.config.models import Settings
from components.naming import alertmanager_relay, exporter_name, outlet_name, prometheus_name

_LONGEST: Final = 63  # a DNS label, RFC 1035
_NEEDS: Final = 26  # the length of the smallest subnet whose lower half has the exporters' addresses


def watched_servers(settings: Settings) -> Iterator[tuple[str, str]]:
    """Where the name of each server with an exporter is declared, and the name; none without monitoring."""
    if settings.monitoring is None:
        return
    if places.shares_postgres(settings):
        yield "data-tier:postgres.name", settings.postgres_name
    for app in places.own_postgres_apps(settings):
        yield f"data-tier:apps.{app}.postgres.server.name", places.own_postgres(settings, app).name or ""
    for redis in redis_servers.declared(settings).values():
        yield f"data-tier:{redis.path}.name", redis.name


def _names(settings: Settings) -> Iterator[Problem]:
    its = settings.monitoring
    if its is None:
        return
    others = {settings.service_name(app): f"data-tier:apps.{app}.service.name" for app, _ in places.services(settings)}
    others |= {name: key for key, name in watched_servers(settings)}
    own = {exporter_name(server): f"the exporter of {server}" for _, server in watched_servers(settings)}
    own[prometheus_name(settings.prefix)] = "Prometheus"
    if its.alertmanager:
        relay = alertmanager_relay(settings.prefix)
        own |= dict.fromkeys((relay, outlet_name(relay)), "the way to the Alertmanager")
    for name, what in own.items():
        if name in others:
            rule, remedy = f"{what} is called so", "Give it another name"
            yield Problem(key=others[name], value=name, rule=rule, remedy=remedy)
    for key, server in watched_servers(settings):
        if len(exporter_name(server)) > _LONGEST:
            yield Problem(
                key=key,
                value=server,
                rule=f"with -exporter behind it, as its exporter is called, it is over {_LONGEST} characters",
                remedy="Give the server a shorter name",
            )


def _room(settings: Settings) -> Iterator[Problem]:
    data = settings.network.get("data")
    if settings.monitoring is None or data is None or data.subnet is None or data.subnet.prefixlen <= _NEEDS:
        return
    if places.apps_in(settings, "unified"):
        yield Problem(
            key="data-tier:network.data.subnet",
            value=str(data.subnet),
            rule=f"exporters have fixed addresses, for which a subnet of /{_NEEDS} or larger has room",
            remedy=f"Declare a larger one, like {data.subnet.network_address}/24, or remove data-tier:monitoring",
        )


RULES: Final[tuple[Callable[[Settings], Iterator[Problem]], ...]] = (_names, _room)
