"""What the servers' volumes were made with, as the last run has written it down, against what the stack file says now.

Pure. A volume is called after its server, and the admin and the major version live inside it: other settings would ask
for another, empty volume, or for a server that can't open the one that is there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from pydantic import BaseModel, ConfigDict

from components.config import mongo_places, places, postgres_servers, redis_servers, rotation_ledger, standby_ledger
from components.config.errors import NOTHING, Problem
from components.config.models import ExternalPostgres, Settings
from components.naming import server_key

_MAJORS: Final = {"mongo": "data-tier:mongo.image"}  # where a major is said, if not in the images section


class Server(BaseModel):
    """A recorded server; what an earlier version hasn't recorded is None, its kind is then in its key."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    kind: str = ""
    name: str | None = None
    admin: str | None = None
    major: int | None = None
    persistence: str | None = None
    stand_in: bool | None = None
    generation: int = 1
    volume: str | None = None
    members: tuple[str, ...] = ()


class External(BaseModel):
    """A recorded server outside of the stack."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    host: str
    port: int

    @property
    def where(self) -> str:
        """How people say which server it is."""
        return f"{self.host}:{self.port}"


def compare_external(
    apps: Iterable[str], own: Mapping[str, Server], recorded: Mapping[str, External], settings: Settings
) -> Iterator[Problem]:
    """Which of `apps` would leave a server outside of the stack, or one of their `own` for such, without their data."""
    for app in apps:
        key = server_key("postgres", app)
        place, now = f"data-tier:apps.{app}.postgres.server.external", _external(settings, app)
        was = recorded.get(key)
        if was is None and now is not None and key in own:
            yield Problem(
                key=place,
                value=now.where,
                rule=f"the app's data is on {own[key].name}, the server of its own, and {now.where} begins without it",
                remedy="Remove external; an app with another name and this server can be filled from a dump",
            )
        if was is not None and (now is None or now.where != was.where) and _isolated(settings, app):
            yield Problem(
                key=place if now is None else f"{place}.host",
                value=NOTHING if now is None else now.where,
                rule=f"the app's data is on {was.where}, outside of the stack, and another server begins without it",
                remedy=f"Write {was.where} back",
            )


def _external(settings: Settings, app: str) -> ExternalPostgres | None:
    return places.external(settings, app) if app in settings.apps else None


def _isolated(settings: Settings, app: str) -> bool:
    return app in settings.apps and "isolated" in places.places(settings, app)


def compare(recorded: Mapping[str, Server], settings: Settings) -> Iterator[Problem]:
    """Every setting that a server which is still declared can't live with."""
    declared = _declared(settings)
    admins = [was.admin for key, was in recorded.items() if key in declared and _kind(key, was) == "postgres"]
    if any(admin not in {None, settings.postgres.admin} for admin in admins):
        yield _problem(
            "data-tier:postgres.admin", settings.postgres.admin, f"the servers know {admins[0]} as admin", admins[0]
        )
    majors = {"postgres": settings.postgres_major, "redis": settings.redis_major, "mongo": settings.mongo_major}
    volumes, said = _volumes(settings), set()
    for key, was in recorded.items():
        if key not in declared:
            continue
        (place, name), kind = declared[key], _kind(key, was)
        if was.name not in {None, name}:
            yield _problem(place, name, f"the data is in the volume of {was.name}, which is called after it", was.name)
        elif was.volume not in {None, volumes.get(key, was.volume)}:
            where = f"{place.removesuffix('.name')}.volume"
            yield _problem(where, volumes[key], f"the data is in {was.volume}, and another one is empty", was.volume)
        if was.major not in {None, majors[kind]} and kind not in said:
            said.add(kind)
            rule = f"the data was written by version {was.major}"
            yield _problem(_MAJORS.get(kind, f"data-tier:images.{kind}"), majors[kind], rule, was.major)
    yield from _persistence(recorded, settings)
    yield from standby_ledger.compare({key: was.members for key, was in recorded.items()}, settings)
    yield from _of_mongo({key: was for key, was in recorded.items() if key in declared}, settings)
    for key, (path, generation) in _generations(settings).items():
        was_at = recorded[key].generation if key in recorded else generation
        yield from rotation_ledger.step(path, was_at, generation, running=settings.running)


def _of_mongo(recorded: Mapping[str, Server], settings: Settings) -> Iterator[Problem]:
    """The admin is written into a volume once, and what stands in for MongoDB has a format of its own."""
    servers = [was for key, was in recorded.items() if _kind(key, was) == "mongo"]
    admins = [was.admin for was in servers if settings.mongo and was.admin not in {None, settings.mongo.admin}]
    if admins and settings.mongo:
        rule = f"the servers know {admins[0]} as admin"
        yield _problem("data-tier:mongo.admin", settings.mongo.admin, rule, admins[0])
    source = settings.images.source
    if any(was.stand_in not in {None, source == "debian"} for was in servers):
        writer, before = ("MongoDB", "registry") if source == "debian" else ("a stand-in for MongoDB", "debian")
        yield _problem("data-tier:images.source", source, f"{writer} has written the data", before)


def _kind(key: str, was: Server) -> str:
    return was.kind or key.partition("-")[0]


def _problem(key: str, value: Any, rule: str, before: Any) -> Problem:
    return Problem(key=key, value=value, rule=rule, remedy=f"Write {before}")


def _declared(settings: Settings) -> dict[str, tuple[str, str]]:
    """Where each server's name is said, and the name, by the server's key."""
    found = {key: (f"data-tier:{its.path}.name", its.name) for key, its in redis_servers.declared(settings).items()}
    found |= {its.key: (f"{its.path}.name", its.name) for its in postgres_servers.declared(settings)}
    found |= {its.server_key: (f"{its.key}.name", its.name) for its in mongo_places.declared(settings)}
    return found


def _volumes(settings: Settings) -> dict[str, str]:
    """The data volume of each server, by the server's key."""
    found = {its.key: its.volume for its in postgres_servers.declared(settings)}
    found |= {key: server.volume for key, server in redis_servers.declared(settings).items()}
    return found | {mongo.server_key: mongo.volume for mongo in mongo_places.declared(settings)}


def _generations(settings: Settings) -> dict[str, tuple[str, int]]:
    """Where the generation of each server's admin is said, and the generation, by the server's key."""
    redis = {key: its.generation for key, its in redis_servers.declared(settings).items()}
    postgres = {its.key: its.server.generation for its in postgres_servers.declared(settings)}
    mongo = {its.server_key: its.server.generation for its in mongo_places.declared(settings)}
    found = {**postgres, **redis, **mongo}
    return {
        key: (f"{place.removesuffix('.name')}.generation", found[key])
        for key, (place, _) in _declared(settings).items()
    }


def _persistence(recorded: Mapping[str, Server], settings: Settings) -> Iterator[Problem]:
    """Redis reads only the kind of file that it writes: with another kind it would begin empty, or with old keys."""
    for key, its in redis_servers.declared(settings).items():
        was = (recorded[key].persistence or "aof") if key in recorded else its.persistence
        if was != its.persistence:
            yield Problem(
                key=f"data-tier:{its.path}.persistence",
                value=its.persistence,
                rule=f"the keys were written with {was}, and what that has written wouldn't be read",
                remedy=f"Write {was}; a purpose of another name gets an empty server with what you want",
            )
