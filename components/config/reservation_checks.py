"""What is wrong with memory that containers keep: Docker starts none that keeps more than it may use."""

from __future__ import annotations

from collections.abc import Iterator

from components.config import mongo_places, places, postgres_servers, redis_servers
from components.config.errors import Problem
from components.config.models import Settings


def reservations(settings: Settings) -> Iterator[Problem]:
    """A reservation above the limit of the same container, wherever either of them was said."""
    for key, reservation, memory in _declared(settings):
        if reservation is not None and reservation > memory:
            yield Problem(
                key=key,
                value=f"{reservation}Mi",
                rule=f"a container can't keep more memory than the {memory}Mi that it may use",
                remedy=f"Write {memory}Mi or less, or raise its memory",
            )


def _declared(settings: Settings) -> Iterator[tuple[str, int | None, int]]:
    """The key of a reservation, its value and the limit beside it, in MiB."""
    shared = settings.postgres.resources
    yield "data-tier:postgres.resources.reservation", shared.reservation, shared.memory
    purposes = [redis_servers.of_purpose(settings, purpose) for purpose in settings.redis.servers]
    own = [server for server in redis_servers.declared(settings).values() if server.app]
    for server in [redis_servers.shared(settings), *purposes, *own]:
        yield f"data-tier:{server.path}.reservation", server.reservation, server.memory
    for postgres in postgres_servers.declared(settings):
        if postgres.app:
            its_own = postgres.server.resources
            yield f"{postgres.path}.resources.reservation", its_own.reservation, its_own.memory
    documents = {"data-tier:mongo": settings.mongo.resources} if settings.mongo else {}
    documents |= {mongo.key: mongo.server.resources for mongo in mongo_places.declared(settings)}
    for key, resources in documents.items():
        yield f"{key}.resources.reservation", resources.reservation, resources.memory
    for app, service in places.services(settings):
        yield f"data-tier:apps.{app}.service.reservation", service.reservation, service.memory
