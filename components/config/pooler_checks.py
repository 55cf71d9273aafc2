"""What is wrong with poolers: names that PgBouncer keeps for itself, pools that don't fit, keys that do nothing.

Every function yields all the problems of one rule. Whether the apps' connections fit a server belongs to `checks`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from components.budget import look_ups
from components.config import places, pools, postgres_servers
from components.config.errors import Problem
from components.config.models import Settings
from components.naming import POOLER_AUTH, pooler_name
from components.sizing import MIGRATION_CONNECTIONS, RESERVED_CONNECTIONS

_CONSOLE: Final = "pgbouncer"  # PgBouncer's own pseudo-database


def names(settings: Settings) -> list[tuple[str, str]]:
    """Where the name of each pooler's container comes from, and the name."""
    if settings.postgres.pooler is None:
        return []
    return [
        (f"{its.path}.{'name' if its.app else 'pooler'}", pooler_name(its.name))
        for its in postgres_servers.declared(settings)
    ]


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
    pooler, capacity = settings.postgres.pooler, pools.capacity(settings.postgres)
    pool = pooler.pool if pooler else None
    free = capacity - RESERVED_CONNECTIONS - MIGRATION_CONNECTIONS - look_ups(pooler.count if pooler else 1)
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
    for app, size in _pools(settings):
        if pooler and size > pooler.clients:
            yield Problem(
                key="data-tier:postgres.pooler.clients",
                value=pooler.clients,
                rule=f"{app} alone may have {size} server connections",
                remedy=f"Write at least {size}, or lower data-tier:apps.{app}.postgres.connections",
            )


def _smaller_than_its_processes(settings: Settings) -> Iterator[Problem]:
    pooler = settings.postgres.pooler
    for app, size in _pools(settings):
        if pooler and size < pooler.count:
            capped = pooler.pool is not None and pooler.pool < pooler.count
            yield Problem(
                key="data-tier:postgres.pooler.pool" if capped else f"data-tier:apps.{app}.postgres.connections",
                value=size,
                rule=f"the pooler has {pooler.count} processes, and each needs a connection for {app}",
                remedy=f"Write at least {pooler.count}, or fewer data-tier:postgres.pooler.processes",
            )


def _pools(settings: Settings) -> Iterator[tuple[str, int]]:
    for app in settings.apps:
        sizes = [pools.pool_size(settings, app, place) for place in places.places(settings, app)]
        yield from ((app, size) for size in dict.fromkeys(sizes) if size is not None)


def _session_features(settings: Settings) -> Iterator[Problem]:
    """What lives in a session doesn't outlive a transaction in transaction mode, so it needs connections of its own."""
    pooler = settings.postgres.pooler
    for app, its in settings.apps.items() if pooler and pooler.mode == "transaction" else ():
        if its.postgres and its.postgres.needs and not its.postgres.direct and not its.postgres.server.external:
            yield Problem(
                key=f"data-tier:apps.{app}.postgres.needs",
                value=", ".join(its.postgres.needs),
                rule="a pooler in transaction mode gives each transaction another session, which loses it",
                remedy=f"Declare data-tier:apps.{app}.postgres.direct for it (DATABASE_DIRECT_URL_FILE), "
                "or data-tier:postgres.pooler.mode: session",
                needs="data-tier:postgres.pooler.mode",
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
    _smaller_than_its_processes,
    _session_features,
    _direct_without_pooler,
)
