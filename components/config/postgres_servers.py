"""The PostgreSQL servers that settings ask for. Pure; which apps are in which place belongs to `places`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from components.config import places
from components.config.models import Postgres, Settings
from components.naming import member_name, server_key


@dataclass(frozen=True)
class Declared:
    """A server: the app whose own it is (None for the shared one), its name, where it is declared, its settings."""

    app: str | None
    name: str
    path: str
    server: Postgres

    @property
    def volume(self) -> str:
        """The name of its data volume."""
        return self.server.volume or f"{self.name}-data"

    @property
    def container(self) -> str:
        """The name of the container that stands for it: of members, which all have the same settings, the first."""
        return self.name if self.server.standbys is None else member_name(self.name, 1)

    @property
    def key(self) -> str:
        """What it is called in the outputs."""
        return server_key("postgres", self.app)


def declared(settings: Settings) -> Iterator[Declared]:
    """Every server that the stack runs, the shared one first."""
    if places.shares_postgres(settings):
        yield Declared(None, settings.postgres_name, "data-tier:postgres", settings.postgres)
    for app in places.own_postgres_apps(settings):
        own = places.own_postgres(settings, app)
        yield Declared(app, own.name or "", f"data-tier:apps.{app}.postgres.server", own)
