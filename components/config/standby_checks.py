"""What is wrong with standbys: names that meet others', keys that do nothing. All problems of one rule each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from components.config import places, postgres_servers
from components.config.errors import Problem
from components.config.models import Settings
from components.config.postgres_servers import Declared
from components.naming import host_way_name, member_name, server_key

_ROOM: Final = 25  # the length of the smallest subnet with an address for each container that there may be


def servers(settings: Settings) -> Iterator[Declared]:
    """The servers with members."""
    return (its for its in postgres_servers.declared(settings) if its.server.standbys is not None)


def names(settings: Settings) -> list[tuple[str, str]]:
    """Where the names of the further containers come from, and the names."""
    return [
        (f"{its.path}.standbys", called)
        for its in servers(settings)
        for called in (member_name(its.name, 1), member_name(its.name, 2), host_way_name(its.name))
    ]


def volumes(settings: Settings) -> Iterator[tuple[str, str]]:
    """Where the names of the further volumes come from, and the names."""
    for its in servers(settings):
        second = member_name(its.name, 2)
        for volume in (f"{its.name}-members", f"{second}-data", f"{second}-secrets"):
            yield f"{its.path}.name", volume


def _read_url(settings: Settings) -> Iterator[Problem]:
    declared = {its.key: its for its in postgres_servers.declared(settings)}
    for app, its in settings.apps.items():
        if its.postgres is None or not its.postgres.read_url:
            continue
        isolated = places.serving(settings, app) == "isolated"
        at = declared.get(server_key("postgres", app if isolated else None))
        if at is None or at.server.standbys is None:
            path = f"{at.path if at else 'data-tier:postgres'}.standbys"
            yield Problem(
                key=f"data-tier:apps.{app}.postgres.read_url",
                rule="the URL leads to a standby, and the server has none",
                remedy=f"Declare {path}, or remove it",
                needs=path,
            )


def _small_subnet(settings: Settings) -> Iterator[Problem]:
    data = settings.network.get("data")
    for its in servers(settings):
        if its.app is None and data and data.subnet and data.subnet.prefixlen > _ROOM:
            yield Problem(
                key=f"{its.path}.standbys",
                value=settings.postgres.standbys,
                rule=f"data-tier:network.data.subnet {data.subnet} has no fixed address left for its members",
                remedy=f"Choose a /{_ROOM} or larger",
                needs="data-tier:network.data.subnet",
            )


RULES: Final[tuple[Callable[[Settings], Iterator[Problem]], ...]] = (_read_url, _small_subnet)
