"""What is wrong with the monitoring: names that its containers have, a data tier without room for the exporters.

Owns which servers have an exporter, and what its container is called.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from components.config import companions, places, postgres_servers, redis_servers
from components.config.companions import Companion
from components.config.errors import Problem
from components.config.models import Settings
from components.naming import alertmanager_relay, exporter_name, outlet_name, prometheus_name

_NEEDS: Final = 26  # the length of the smallest subnet whose lower half has the exporters' addresses


def exporters(settings: Settings) -> Iterator[Companion]:
    """The exporter of each server that has one; none without monitoring."""
    servers = [(its.name, its.path) for its in postgres_servers.declared(settings)]
    servers += [(its.name, f"data-tier:{its.path}") for its in redis_servers.declared(settings).values()]
    for name, path in servers if settings.monitoring else ():
        yield Companion("the exporter", exporter_name(name), name, path)


def _names(settings: Settings) -> Iterator[Problem]:
    if settings.monitoring is None:
        return
    others = companions.taken(settings)
    own = {prometheus_name(settings.prefix): "Prometheus"}
    if settings.monitoring.alertmanager:
        relay = alertmanager_relay(settings.prefix)
        own |= dict.fromkeys((relay, outlet_name(relay)), "the way to the Alertmanager")
    yield from (companions.clash(others[name], name, what) for name, what in own.items() if name in others)
    yield from companions.problems(settings, exporters(settings))


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
