"""What is wrong with the names of data volumes: two servers that would write into one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from components.config import mongo_places, places, postgres_servers, redis_servers, standby_checks
from components.config.errors import Problem, twice
from components.config.models import Settings
from components.naming import backup_name, pooler_name, watchdog_name


def _names(settings: Settings) -> Iterator[Problem]:
    """A clash is told at a key that names a volume: names that follow from containers' are told where those are."""
    declared = sorted(_declared(settings), key=lambda one: one[0].endswith(".volume"))
    found = twice(((key, name, name) for key, name in declared), "the volume is that of {other}", "Choose another name")
    yield from (problem for problem in found if problem.key.endswith(".volume"))


def _declared(settings: Settings) -> Iterator[tuple[str, str]]:
    """Where the name of each volume comes from, and the name."""
    for its in postgres_servers.declared(settings):
        name, key, server = its.name, its.path, its.server
        yield f"{key}.{'volume' if server.volume else 'name'}", its.volume
        yield f"{key}.name", f"{name}-secrets"
        if settings.postgres.pooler:
            yield from ((f"{key}.name", f"{pooler_name(name)}-{what}") for what in ("pools", "secrets"))
        yield f"{key}.name", f"{watchdog_name(name)}-secrets"
        if server.backed_up:
            own = "backup.volume" if server.backed_up.volume else "name"
            yield f"{key}.{own}", server.backed_up.volume or f"{backup_name(name)}-data"
            yield from ((f"{key}.name", f"{backup_name(name)}-{what}") for what in ("scratch", "secrets"))
    yield from standby_checks.volumes(settings)
    for redis in redis_servers.declared(settings).values():
        yield f"data-tier:{redis.path}.{'volume' if redis.named else 'name'}", redis.volume
        yield f"data-tier:{redis.path}.name", f"{redis.name}-secrets"
    for mongo in mongo_places.declared(settings):
        yield f"{mongo.key}.{'volume' if mongo.server.volume else 'name'}", mongo.volume
        yield f"{mongo.key}.name", f"{mongo.name}-secrets"
    for app, _ in places.services(settings):
        yield f"data-tier:apps.{app}.service.name", f"{settings.service_name(app)}-secrets"


RULES: Final[tuple[Callable[[Settings], Iterator[Problem]], ...]] = (_names,)
