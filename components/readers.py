"""The readers of a stack: on every server with a database that an app lets them read.

Owns how settings become readers. Which apps are on which server is `config.places`' to say.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pulumi

from components.config import Place, Settings, places
from components.naming import server_key
from components.postgres import ExternalServer, PostgresServer
from components.postgres.readers import Readers, ReadersArgs, ReaderSpec
from components.rotation import Rotation
from components.stores import Servers, Stores

Urls = Mapping[str, Mapping[str, pulumi.Output[str]]]


def build(settings: Settings, servers: Servers, stores: Mapping[str, Mapping[Place, Stores]]) -> Urls:
    """Declare the readers; by reader and app the URL of the database that the app is served from."""
    found: dict[str, dict[str, pulumi.Output[str]]] = {name: {} for name in settings.readers}
    unified = list(places.apps_in(settings, "unified"))
    where: list[tuple[Place, str, list[str]]] = [("unified", "readers", unified)]
    for app in places.apps_in(settings, "isolated"):
        where.append(("isolated", f"isolated-{app}-readers", [app]))
    for place, name, apps in where:
        if not places.readers(settings, apps):
            continue
        made = Readers(name, _args(settings, servers, stores, place, apps))
        for reader, urls in made.urls.items():
            serving = {app: url for app, url in urls.items() if places.serving(settings, app) == place}
            found[reader].update(serving)
    return found


def _args(
    settings: Settings,
    servers: Servers,
    stores: Mapping[str, Mapping[Place, Stores]],
    place: Place,
    apps: Iterable[str],
) -> ReadersArgs:
    apps = list(apps)
    server = servers[server_key("postgres", apps[0] if place == "isolated" else None)]
    if not isinstance(server, PostgresServer | ExternalServer):
        raise TypeError(f"{apps} have no PostgreSQL server")
    databases = {
        app: (database, its.readers)
        for app in apps
        if (its := settings.apps[app].postgres) and its.readers and (database := stores[app][place].database)
    }
    specs = {name: _spec(settings, name) for name in places.readers(settings, apps)}
    return ReadersArgs(server=server, readers=specs, databases=databases)


def _spec(settings: Settings, name: str) -> ReaderSpec:
    its = settings.readers[name]
    return ReaderSpec(
        connections=its.connections,
        limits=its.limits,
        rotation=Rotation(generation=its.generation, overlap=its.overlap),
        drain=settings.rotation.drain,
    )
