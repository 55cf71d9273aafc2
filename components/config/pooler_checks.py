"""What is wrong with poolers: names that PgBouncer keeps for itself, pools that don't fit, keys that do nothing.

Every function yields all the problems of one rule. Whether the apps' connections fit a server belongs to `checks`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from components import sizing
from components.config import places
from components.config.errors import Problem
from components.config.models import Settings
from components.naming import POOLER_AUTH, pooler_name

_CONSOLE: Final = "pgbouncer"  # PgBouncer's own pseudo-database


def names(settings: Settings) -> list[tuple[str, str]]:
    """Where the name of each pooler's container comes from, and the name."""
    if settings.postgres.pooler is None:
        return []
    apps = [app for app, its in places.apps_in(settings, "isolated").items() if its.postgres]
    own = [(app, places.own_postgres(settings, app).name or "") for app in apps]
    shared = ("data-tier:postgres.pooler", pooler_name(settings.postgres_name))
    return [shared, *((f"data-tier:apps.{app}.postgres.server.name", pooler_name(name)) for app, name in own)]


def _reserved(settings: Settings) -> Iterator[Problem]:
    if settings.postgres.pooler is None:
        return
    named = [
        (f"data-tier:apps.{app}.postgres.database", its.postgres.database)
        for app, its in settings.apps.items()
        if its.postgres
    ]
    for key, name in [("data-tier:postgres.admin", settings.postgres.admin), *named]:
        if name in {_CONSOLE, POOLER_AUTH}:
            rule = "with a pooler this name is its own: its console, or where it looks up who logs in"
            yield Problem(key=key, value=name, rule=rule, remedy="Choose another name")


def _pool_fits(settings: Settings) -> Iterator[Problem]:
    server = settings.postgres
    pool = server.pooler.pool if server.pooler else None
    capacity = server.connections or sizing.default_connections(server.resources.memory)
    free = capacity - sizing.RESERVED_CONNECTIONS - sizing.POOLER_CONNECTIONS - sizing.MIGRATION_CONNECTIONS
    if pool is not None and pool > free:
        yield Problem(
            key="data-tier:postgres.pooler.pool",
            value=pool,
            rule=f"the server takes {capacity} connections and has {max(0, free)} for a pool",
            remedy=f"Write at most {free}, or declare more data-tier:postgres.connections"
            if free > 0
            else "Declare more data-tier:postgres.connections",
            needs="data-tier:postgres.connections",
        )


def _fewer_clients_than_servers(settings: Settings) -> Iterator[Problem]:
    pooler = settings.postgres.pooler
    for app in settings.apps if pooler else ():
        size = places.pool_size(settings, app) or 0
        if pooler and size > pooler.clients:
            yield Problem(
                key="data-tier:postgres.pooler.clients",
                value=pooler.clients,
                rule=f"{app} alone may have {size} server connections",
                remedy=f"Write at least {size}, or lower data-tier:apps.{app}.postgres.connections",
            )


def _direct_without_pooler(settings: Settings) -> Iterator[Problem]:
    for app, its in settings.apps.items():
        if its.postgres and its.postgres.direct and settings.postgres.pooler is None:
            yield Problem(
                key=f"data-tier:apps.{app}.postgres.direct",
                value=its.postgres.direct,
                rule="direct connections are those beside a pooler, and there is none: all are direct",
                remedy="Remove it, or declare data-tier:postgres.pooler",
                needs="data-tier:postgres.pooler",
            )


RULES: Final[tuple[Callable[[Settings], Iterator[Problem]], ...]] = (
    _reserved,
    _pool_fits,
    _fewer_clients_than_servers,
    _direct_without_pooler,
)
