"""What is wrong with standbys: names that meet others', keys that do nothing. All problems of one rule each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from components.config import places, standby_ledger
from components.config.errors import Problem
from components.config.models import Postgres, Settings
from components.naming import host_way_name, member_name

_ROOM: Final = (
    25  # the largest subnet's prefix of the data tier with a free address for each container that there may be
)


def servers(settings: Settings) -> Iterator[tuple[str, str, Postgres]]:
    """The servers with members: the key of each server's section, its name, its settings."""
    if places.shares_postgres(settings) and settings.postgres.standbys is not None:
        yield "data-tier:postgres", settings.postgres_name, settings.postgres
    for app in places.own_postgres_apps(settings):
        own = places.own_postgres(settings, app)
        if own.standbys is not None:
            yield f"data-tier:apps.{app}.postgres.server", own.name or "", own


def names(settings: Settings) -> list[tuple[str, str]]:
    """Where the names of the further containers come from, and the names."""
    return [
        (f"{key}.standbys", called)
        for key, name, _ in servers(settings)
        for called in (member_name(name, 1), member_name(name, 2), host_way_name(name))
    ]


def volumes(settings: Settings) -> Iterator[tuple[str, str]]:
    """Where the names of the further volumes come from, and the names."""
    for key, name, _ in servers(settings):
        second = member_name(name, 2)
        yield from ((f"{key}.name", volume) for volume in (f"{name}-members", f"{second}-data", f"{second}-secrets"))


def _read_url(settings: Settings) -> Iterator[Problem]:
    with_members = standby_ledger.declared(settings)
    for app, its in settings.apps.items():
        if its.postgres is None or not its.postgres.read_url:
            continue
        isolated = places.serving(settings, app) == "isolated"
        key = f"postgres-{app}" if isolated else "postgres"
        path, standbys = with_members.get(key, ("data-tier:postgres.standbys", None))
        if standbys is None:
            yield Problem(
                key=f"data-tier:apps.{app}.postgres.read_url",
                rule="the URL leads to a standby, and the server has none",
                remedy=f"Declare {path}, or remove it",
                needs=path,
            )


def _small_subnet(settings: Settings) -> Iterator[Problem]:
    data = settings.network.get("data")
    for key, name, _ in servers(settings):
        if name == settings.postgres_name and data and data.subnet and data.subnet.prefixlen > _ROOM:
            yield Problem(
                key=f"{key}.standbys",
                value=settings.postgres.standbys,
                rule=f"data-tier:network.data.subnet {data.subnet} has no fixed address left for its members",
                remedy=f"Choose a /{_ROOM} or larger",
                needs="data-tier:network.data.subnet",
            )


RULES: Final[tuple[Callable[[Settings], Iterator[Problem]], ...]] = (_read_url, _small_subnet)
