"""Where each app's stores are: on the shared servers (unified), on servers of its own (isolated), or in both.

Pure: it follows from settings alone. What is wrong with them belongs to `place_checks`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network
from typing import Final

from components.config.fields import OWN_SUBNET
from components.config.models import App, Backup, ExternalPostgres, Place, Postgres, Service, Settings

PLACES: Final[tuple[Place, ...]] = ("unified", "isolated")
_POOL: Final = IPv4Network("172.29.0.0/16")


def home(settings: Settings, app: str) -> Place:
    """The place that the topology gives an app, or that `dedicated`, or a server outside of the stack, takes it to."""
    alone = settings.apps[app].dedicated or external(settings, app) is not None
    return "isolated" if alone else settings.topology


def places(settings: Settings, app: str) -> tuple[Place, ...]:
    """Where an app's stores are declared: its home, and what it keeps during a move. Empty without stores."""
    its = settings.apps[app]
    declared = {home(settings, app), *its.keep} if its.has_stores else set()
    return tuple(place for place in PLACES if place in declared)


def serving(settings: Settings, app: str) -> Place:
    """The place that the app's service uses."""
    return settings.apps[app].serving or home(settings, app)


def apps_in(settings: Settings, place: Place) -> dict[str, App]:
    """The apps with stores in a place, in the stack file's order."""
    return {app: its for app, its in settings.apps.items() if place in places(settings, app)}


def services(settings: Settings) -> Iterator[tuple[str, Service]]:
    """The containers of apps; a retired app has none."""
    for app, its in settings.apps.items():
        if its.service is not None and app not in settings.retired:
            yield app, its.service


def shares_postgres(settings: Settings) -> bool:
    """Whether there is a shared PostgreSQL server: not where every app has its database elsewhere."""
    return any(its.postgres for its in apps_in(settings, "unified").values())


def readers(settings: Settings, apps: Iterable[str]) -> tuple[str, ...]:
    """The readers of the databases of `apps`, in the stack file's order: each exists on the server of these apps."""
    named = {name for app in apps if (its := settings.apps[app].postgres) for name in its.readers}
    return tuple(name for name in settings.readers if name in named)


def external(settings: Settings, app: str) -> ExternalPostgres | None:
    """The server outside of the stack that has an app's database in the isolated place, None for one of the stack's."""
    database = settings.apps[app].postgres
    return database.server.external if database else None


def own_postgres_apps(settings: Settings) -> list[str]:
    """The apps with a PostgreSQL server of their own that the stack runs, in the stack file's order."""
    isolated = apps_in(settings, "isolated").items()
    return [app for app, its in isolated if its.postgres and its.postgres.server.external is None]


def external_apps(settings: Settings) -> dict[str, ExternalPostgres]:
    """The apps with a server outside of the stack, and that server."""
    found = {app: external(settings, app) for app in apps_in(settings, "isolated")}
    return {app: its for app, its in found.items() if its is not None}


def own_postgres(settings: Settings, app: str) -> Postgres:
    """The settings of an app's own PostgreSQL server: the shared one's, and what the app says itself."""
    database, shared = settings.apps[app].postgres, settings.postgres
    own = database.server if database else None
    if own is None or own.external is not None:
        raise ValueError(f"{app} has no PostgreSQL server of its own")
    limits = {key: value for key, value in own.resources if value is not None}
    given = {key: value for key in ("storage", "connections") if (value := getattr(own, key)) is not None}
    name = own.name or f"{settings.prefix}-{app}-postgres"
    return shared.model_copy(
        update={
            **given,
            "name": name,
            "volume": own.volume,
            "backup": own_backup(shared.backup, own.backup),
            "expose": own.expose,
            "generation": own.generation,
            "standbys": own.standbys,
            "standby": own.standby or shared.standby,
            "parameters": {**shared.parameters, **own.parameters},
            "resources": shared.resources.model_copy(update=limits),
        },
    )


def own_backup(shared: Backup | None, own: Backup | None) -> Backup | None:
    """The backups of an app's own server: as it says itself, else as the shared one, into a volume of its own."""
    return own or (shared.model_copy(update={"volume": None}) if shared else None)


def pool(settings: Settings) -> IPv4Network:
    """The addresses from which apps in the isolated place get a subnet each."""
    data = settings.network.get("data")
    return (data.apps if data else None) or _POOL


def own_subnet(settings: Settings, app: str) -> IPv4Network:
    """The subnet of an app's own network: the one it names, or the pool's slot that its name leads to."""
    return settings.apps[app].subnet or slot(settings, app)


def slot(settings: Settings, app: str, step: int = 0) -> IPv4Network:
    """The pool's subnet for an app, or the one `step` further on; after the last comes the first.

    By name and never by position, so that an app that comes or goes moves no other. The prefix counts as well, so
    that two stacks with the same apps rarely meet.
    """
    digest = hashlib.sha256(f"{settings.prefix}/{app}".encode()).digest()
    at = (int.from_bytes(digest[:8], "big") + step) % slot_count(settings)
    return IPv4Network((int(pool(settings).network_address) + (at << (32 - OWN_SUBNET)), OWN_SUBNET))


def slot_count(settings: Settings) -> int:
    """How many subnets the pool has."""
    return 1 << (OWN_SUBNET - pool(settings).prefixlen)
