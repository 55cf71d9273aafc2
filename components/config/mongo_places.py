"""The MongoDB servers that settings ask for. Pure; which apps are in which place belongs to `places`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from components.config import places
from components.config.models import Mongo, Settings
from components.naming import server_key


@dataclass(frozen=True)
class Declared:
    """A server: the app whose own it is (None for the shared one), where it is declared, and its settings."""

    app: str | None
    key: str
    server: Mongo

    @property
    def name(self) -> str:
        """The container's name."""
        return self.server.name or ""

    @property
    def volume(self) -> str:
        """The name of its data volume."""
        return self.server.volume or f"{self.name}-data"

    @property
    def server_key(self) -> str:
        """What it is called in the outputs."""
        return server_key("mongo", self.app)


def shared(settings: Settings) -> Mongo:
    """The settings of the shared server, with its name. Raises ValueError without the section: settings refuse that."""
    if settings.mongo is None:
        raise ValueError("there is no data-tier:mongo; settings refuse an app that needs it")
    return settings.mongo.model_copy(
        update={"name": settings.mongo.name or f"{settings.prefix}-mongo-unified"},
    )


def own(settings: Settings, app: str) -> Mongo:
    """The settings of an app's own server: the shared one's, and what the app says itself."""
    database = settings.apps[app].mongo
    if database is None:
        raise ValueError(f"{app} has no MongoDB database")
    its, base = database.server, shared(settings)
    limits = {key: value for key, value in its.resources if value is not None}
    return base.model_copy(
        update={
            "name": its.name or f"{settings.prefix}-{app}-mongo",
            "expose": its.expose,
            "generation": its.generation,
            "volume": its.volume,
            "storage": its.storage or base.storage,
            "resources": base.resources.model_copy(update=limits),
        }
    )


def declared(settings: Settings) -> Iterator[Declared]:
    """Every server that apps use, the shared one first; none without the section."""
    if settings.mongo is None:
        return
    if any(its.mongo for its in places.apps_in(settings, "unified").values()):
        yield Declared(None, "data-tier:mongo", shared(settings))
    for app, its in places.apps_in(settings, "isolated").items():
        if its.mongo:
            yield Declared(app, f"data-tier:apps.{app}.mongo.server", own(settings, app))
