"""The connections of each app on its servers: its pool behind a pooler, and what its logins may open.

Pure: it follows from settings alone. How a server's connections are divided belongs to `budget`, what is wrong with
them to `pooler_checks`.
"""

from __future__ import annotations

from components import sizing
from components.budget import Budget
from components.config import places
from components.config.models import Place, Postgres, Settings
from components.config.models.postgres import AppDatabase


def capacity(server: Postgres) -> int:
    """How many connections a server takes."""
    return server.connections or sizing.default_connections(server.resources.memory)


def budget(settings: Settings, place: Place, app: str) -> Budget:
    """The budget of the server that `app` is on in a place."""
    if place == "isolated":
        server, on_it = places.own_postgres(settings, app), [app]
    else:
        server, on_it = settings.postgres, [name for name, its in places.apps_in(settings, place).items()]
    databases = {name: its for name in on_it if (its := settings.apps[name].postgres)}
    pooler = settings.postgres.pooler
    said = {name: its for name, its in databases.items() if pooler is None or says_its_own(its)}
    cap = pooler.pool if pooler else None
    return Budget(
        capacity=capacity(server),
        processes=pooler.count if pooler else 0,
        declared={name: min(its.connections, cap or its.connections) for name, its in said.items()},
        direct={name: its.direct for name, its in databases.items()},
        weights={name: its.weight for name, its in databases.items() if name not in said},
        readers=sum(settings.readers[reader].connections for reader in places.readers(settings, on_it)),
        cap=cap,
    )


def openable(settings: Settings, app: str | None) -> int:
    """How many connections can be open at once on an app's own server, or on the shared one with None."""
    if app is not None:
        return budget(settings, "isolated", app).openable
    return budget(settings, "unified", next(iter(places.apps_in(settings, "unified")))).openable


def says_its_own(database: AppDatabase) -> bool:
    """Whether the stack file gives the number of an app's connections, which is its pool then."""
    return "connections" in database.model_fields_set


def pool_size(settings: Settings, app: str, place: Place) -> int | None:
    """How many server connections an app's clients share behind the pooler, None without one or without a database: a
    server outside of the stack has no pooler in front.
    """
    if settings.postgres.pooler is None or settings.apps[app].postgres is None:
        return None
    if place == "isolated" and places.external(settings, app):
        return None
    return budget(settings, place, app).pools()[app]


def login_connections(settings: Settings, app: str, place: Place) -> int:
    """How many connections of an app's logins its server takes: those of its pool and its direct ones."""
    database = settings.apps[app].postgres
    if database is None:
        return 0
    pooled = pool_size(settings, app, place)
    return database.connections if pooled is None else pooled + database.direct
