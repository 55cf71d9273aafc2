"""What is wrong with memory that containers keep: Docker starts none that keeps more than it may use."""

from __future__ import annotations

from collections.abc import Iterator

from components.config import places
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
    shared, redis = settings.postgres.resources, settings.redis
    yield "data-tier:postgres.resources.reservation", shared.reservation, shared.memory
    yield "data-tier:redis.reservation", redis.reservation, redis.memory
    for app, its in places.apps_in(settings, "isolated").items():
        if its.postgres:
            own = places.own_postgres(settings, app).resources
            yield f"data-tier:apps.{app}.postgres.server.resources.reservation", own.reservation, own.memory
        if its.redis:
            server = places.own_redis(settings, app)
            yield f"data-tier:apps.{app}.redis_server.reservation", server.reservation, server.memory
    for app, service in places.services(settings):
        yield f"data-tier:apps.{app}.service.reservation", service.reservation, service.memory
