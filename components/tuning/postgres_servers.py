"""The PostgreSQL servers of a stack, each with its parameters explained."""

from __future__ import annotations

from collections.abc import Iterator

from components.config import places
from components.config.models import Postgres, Settings
from components.tuning.explained import Sized
from components.tuning.postgres import CAPACITY, explain


def servers(settings: Settings) -> Iterator[tuple[str, Postgres, str | None]]:
    """Each server's container, settings, and the app that it belongs to, None for the shared one."""
    if places.shares_postgres(settings):
        yield settings.postgres_name, settings.postgres, None
    for app in places.own_postgres_apps(settings):
        own = places.own_postgres(settings, app)
        yield own.name or "", own, app


def parameter_keys(settings: Settings, app: str | None) -> dict[str, str]:
    """The dotted key that says each parameter of a server, its own before the one that all servers have."""
    keys = {name: f"data-tier:postgres.parameters.{name}" for name in settings.postgres.parameters}
    database = settings.apps[app].postgres if app else None
    own = database.server.parameters if database else {}
    if database and database.server.connections:
        keys[CAPACITY] = f"data-tier:apps.{app}.postgres.server.connections"
    return {**keys, **{name: f"data-tier:apps.{app}.postgres.server.parameters.{name}" for name in own}}


def sized(settings: Settings) -> Iterator[Sized]:
    """Every server with its parameters."""
    for container, server, app in servers(settings):
        yield Sized(kind="postgres", container=container, values=explain(server, parameter_keys(settings, app)))
