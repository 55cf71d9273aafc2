"""The PostgreSQL servers of a stack, each with its parameters explained."""

from __future__ import annotations

from collections.abc import Iterator

from components.config import postgres_servers
from components.config.models import Settings
from components.tuning.explained import Sized
from components.tuning.postgres import CAPACITY, explain


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
    for its in postgres_servers.declared(settings):
        values = explain(its.server, parameter_keys(settings, its.app))
        yield Sized(kind="postgres", container=its.container, values=values)
