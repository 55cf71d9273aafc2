"""The PostgreSQL servers of a stack, each with its parameters explained."""

from __future__ import annotations

from collections.abc import Iterator

from components.config import places
from components.config.models import Postgres, Settings
from components.naming import member_name
from components.tuning.explained import Sized
from components.tuning.postgres import CAPACITY, explain


def servers(settings: Settings) -> Iterator[tuple[str, Postgres, str | None]]:
    """Each server's container, settings, and the app that it belongs to, None for the shared one.

    One with members has the same in each of them: the first one stands for all.
    """
    if places.shares_postgres(settings):
        yield _container(settings.postgres_name, settings.postgres), settings.postgres, None
    for app in places.own_postgres_apps(settings):
        own = places.own_postgres(settings, app)
        yield _container(own.name or "", own), own, app


def _container(name: str, server: Postgres) -> str:
    return name if server.standbys is None else member_name(name, 1)


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
