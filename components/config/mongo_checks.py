"""What is wrong with MongoDB in a stack file, between its sections.

Every function yields all the problems of one rule.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from components.config import places
from components.config.errors import Problem, twice
from components.config.models import Settings


def _section(settings: Settings) -> Iterator[Problem]:
    apps = [app for app, its in settings.apps.items() if its.mongo]
    if apps and settings.mongo is None:
        yield Problem(
            key="data-tier:mongo",
            rule=f"{', '.join(apps)}: MongoDB is asked for, and nothing says what the server is",
            remedy='Write mongo: {image: "mongo:7", resources: {memory: 1Gi, cpu: 1}}',
        )


def _databases(settings: Settings) -> Iterator[Problem]:
    """Two apps with one database on the shared server; MongoDB refuses names that differ in case only, too."""
    named = (
        (f"data-tier:apps.{app}.mongo.database", its.mongo.database.lower(), its.mongo.database)
        for app, its in places.apps_in(settings, "unified").items()
        if its.mongo
    )
    yield from twice(named, "the database is declared by {other}, where case doesn't count", "Rename one of them")


RULES: Final[tuple[Callable[[Settings], Iterator[Problem]], ...]] = (_section, _databases)
