"""The poolers of a stack, each with its pools and what they follow from."""

from __future__ import annotations

from collections.abc import Iterator

from components import sizing
from components.budget import Budget
from components.config import places, pools, postgres_servers
from components.config.models import Place, Pooler, Settings
from components.naming import pooler_name
from components.tuning.explained import Explained, Sized

_PAGE = "https://www.pgbouncer.org/config.html"


def sized(settings: Settings) -> Iterator[Sized]:
    """Every pooler with the pool of each of its databases."""
    pooler = settings.postgres.pooler
    if pooler is None:
        return
    for its in postgres_servers.declared(settings):
        app = its.app
        apps = [app] if app else [name for name, its in places.apps_in(settings, "unified").items() if its.postgres]
        place: Place = "isolated" if app else "unified"
        values = [*_whole(settings, pooler), *_pools(settings, place, apps)]
        yield Sized(kind="pgbouncer", container=pooler_name(its.name), values=values)


def _whole(settings: Settings, pooler: Pooler) -> Iterator[Explained]:
    declared = settings.postgres.pooler.model_fields_set if settings.postgres.pooler else set()
    key = "data-tier:postgres.pooler"
    yield Explained(
        name="clients",
        value=str(pooler.clients),
        rule="as declared" if "clients" in declared else "a thousand, unless declared",
        source=f"{key}.clients" if "clients" in declared else _PAGE,
    )
    yield Explained(
        name="processes",
        value=str(pooler.count),
        rule="as declared" if pooler.processes else f"one for each whole of {pooler.cpu:g} cores",
        source=f"{key}.processes" if pooler.processes else f"{key}.cpu",
    )
    yield Explained(
        name="memory",
        value=f"{sizing.pooler_memory(pooler.clients, pooler.count)}MB",
        rule=f"48 MiB, 16 for each process, and 128 KiB for each of {pooler.clients} clients",
        source=f"{key}.clients",
    )


def _pools(settings: Settings, place: Place, apps: list[str]) -> Iterator[Explained]:
    budget = pools.budget(settings, place, apps[0])
    for app, size in budget.pools().items():
        database = settings.apps[app].postgres
        if database is not None:
            name = f"pool {database.database}"
            yield Explained(
                name=name, value=str(size), rule=_rule(app, size, budget), source=_source(app, size, budget)
            )


def _rule(app: str, size: int, budget: Budget) -> str:
    if budget.cap == size:
        return "no pool may be larger"
    if app in budget.declared:
        return "the app's connections, as declared"
    whole = sum(budget.weights.values())
    return (
        f"{budget.processes} for the processes, and {budget.weights[app]} of {whole} parts of the {budget.left} left "
        f"of {budget.capacity}: {budget.own} are for administration and look-ups, {budget.wanted} the least of apps"
    )


def _source(app: str, size: int, budget: Budget) -> str:
    if budget.cap == size:
        return "data-tier:postgres.pooler.pool"
    return f"data-tier:apps.{app}.postgres.{'connections' if app in budget.declared else 'weight'}"
