"""What holds data, as the last run has written it down, against what the stack file declares now.

Pure. An app leaves through `retired` and `purging` and moves by `serving` and `keep`; one that just disappears from its
place would take its data with it, or leave it behind unseen. How the last run is read belongs to `components.ledger`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, ValidationError

from components.config import mongo_ledger, places, purpose_ledger, rotation_ledger, server_ledger
from components.config.errors import NOTHING, Problem
from components.config.models import Place, Settings

_MIGRATE: Final = "copying data there (`./operatew migrate`) isn't built yet"


class Entry(BaseModel):
    """One app that holds data: its databases, its purposes on Redis, and where they are.

    `on_their_own` are the purposes with a server of their own in the unified place.
    `purging` says that its stores were declared without protection: from then on it may go.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    database: str | None = None
    redis: tuple[str, ...] = ()
    on_their_own: tuple[str, ...] = ()
    mongo: str | None = None
    places: tuple[Place, ...]
    serving: Place
    retired: bool = False
    purging: bool = False
    generation: int | None = None


class _Reader(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    generation: int


class _Outputs(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    topology: Place | None = None
    apps: Mapping[str, Entry] = {}
    servers: Mapping[str, server_ledger.Server] = {}
    external_servers: Mapping[str, server_ledger.External] = {}
    redis_users: Mapping[str, purpose_ledger.User] = {}
    readers: Mapping[str, _Reader] = {}


def entries(settings: Settings) -> dict[str, Entry]:
    """The ledger of a stack: every app with a store."""
    return {
        app: Entry(
            database=its.postgres.database if its.postgres else None,
            redis=its.redis,
            on_their_own=tuple(purpose for purpose in its.redis if purpose in settings.redis.servers),
            mongo=its.mongo.database if its.mongo else None,
            places=places.places(settings, app),
            serving=places.serving(settings, app),
            retired=app in settings.retired,
            purging=app in settings.purging,
            generation=its.generation,
        )
        for app, its in settings.apps.items()
        if its.has_stores
    }


def compare(outputs: Mapping[str, Any], settings: Settings) -> list[Problem]:
    """Every way in which `settings` would lose sight of data that the last run's `outputs` have recorded.

    Outputs without a ledger (a new stack, or one of an earlier version) have nothing to say.
    """
    try:
        recorded = _Outputs.model_validate(dict(outputs))
    except ValidationError:
        rule = "the ledger of what holds data, which the last run has left there, can't be read"
        remedy = "Use the version of this program that wrote it, or import a state that it can read"
        return [Problem(key="the stack's output apps", rule=rule, remedy=remedy)]
    held = {app: was for app, was in recorded.apps.items() if not _may_go(app, was, settings)}
    turned = recorded.topology not in {None, settings.topology}
    left = {app: _left_places(app, was, settings) for app, was in held.items() if app in settings.apps}
    by_topology = {app: gone for app, gone in left.items() if turned and gone and not settings.apps[app].dedicated}
    found = [*_topology(by_topology, settings), *purpose_ledger.compare(held, recorded.redis_users, settings)]
    found += server_ledger.compare(recorded.servers, settings)
    found += server_ledger.compare_external(held, recorded.servers, recorded.external_servers, settings)
    generations = {name: its.generation for name, its in recorded.readers.items()}
    found += rotation_ledger.compare_readers(generations, settings)
    for app, was in held.items():
        if app not in settings.apps:
            found.append(_missing(app))
            continue
        found += _stores(app, was, settings)
        found += rotation_ledger.compare(app, was.generation, settings)
        if app not in by_topology:
            found += _places(app, was, left[app], settings)
    return found


def _may_go(app: str, was: Entry, settings: Settings) -> bool:
    """Whether it was declared without protection, and still is on its way out: one that is in use again is held."""
    return was.purging and (app in settings.purging or app not in settings.apps)


def _missing(app: str) -> Problem:
    return Problem(
        key=f"data-tier:apps.{app}",
        rule="it holds data and is no longer declared",
        remedy=f"Add it back and list it in data-tier:retired; `./operatew purge {app}` deletes it after a backup",
    )


def _stores(app: str, was: Entry, settings: Settings) -> Iterator[Problem]:
    key, its = f"data-tier:apps.{app}", settings.apps[app]
    whole = f"Put it back; an app's data goes when the app is retired and purged (`./operatew purge {app}`)"
    if was.database and its.postgres is None:
        yield Problem(key=f"{key}.postgres", rule=f"{was.database} holds data and is no longer declared", remedy=whole)
    elif was.database and its.postgres and its.postgres.database != was.database:
        yield Problem(
            key=f"{key}.postgres.database",
            value=its.postgres.database,
            rule=f"the app's data is in {was.database}, and another name is another, empty database",
            remedy=f"Write {was.database}",
        )
    yield from mongo_ledger.compare(app, was.mongo, settings)
    for purpose in was.redis:
        if purpose not in its.redis:
            yield Problem(key=f"{key}.redis", rule=f"{purpose} holds keys and is no longer declared", remedy=whole)


def _left_places(app: str, was: Entry, settings: Settings) -> tuple[Place, ...]:
    """The recorded places that an app with stores is no longer declared in."""
    if not settings.apps[app].has_stores:
        return ()  # said already, store by store
    return tuple(place for place in was.places if place not in places.places(settings, app))


def _topology(gone: Mapping[str, tuple[Place, ...]], settings: Settings) -> Iterator[Problem]:
    """One problem for all the apps that a bare change of the topology would leave behind."""
    for place in places.PLACES:
        apps = [app for app, left in gone.items() if place in left]
        if apps:
            yield Problem(
                key="data-tier:topology",
                value=settings.topology,
                rule=f"{', '.join(sorted(apps))}: data in the {place} place, which would no longer be declared",
                remedy=f"Write {place} back; keep: [{place}] and serving: {place} at these apps would declare both "
                f"places, the new one without data: {_MIGRATE}",
            )


def _places(app: str, was: Entry, left: tuple[Place, ...], settings: Settings) -> Iterator[Problem]:
    key, serving = f"data-tier:apps.{app}", places.serving(settings, app)
    for place in left:
        by_keep = place != was.serving
        outside = places.external(settings, app)
        where = "keep" if by_keep else "postgres.server.external" if outside else "dedicated"
        yield Problem(
            key=f"{key}.{where}",
            value=settings.apps[app].dedicated if where == "dedicated" else NOTHING,
            rule=f"the app has data in the {place} place, which is no longer declared",
            remedy="Take the change back, or write "
            f"keep: [{place}]{'' if by_keep else f' and serving: {place}'} to declare both places: {_MIGRATE}",
        )
    if not left and settings.apps[app].has_stores and serving not in was.places:
        yield Problem(
            key=f"{key}.serving",
            value=serving,
            rule=f"nothing of the app is in the {serving} place yet: it would begin without its data",
            remedy=f"Write serving: {was.serving}: {_MIGRATE}",
        )
