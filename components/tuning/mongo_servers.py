"""The MongoDB servers of a stack, each with the cache that follows from its memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from components import sizing
from components.config import mongo_places
from components.config.models import Settings
from components.tuning.explained import Explained, Sized

CACHE: Final = "wiredTigerCacheSizeGB"
_PAGE: Final = "https://www.mongodb.com/docs/manual/reference/program/mongod/"


def sized(settings: Settings) -> Iterator[Sized]:
    """Every server with its cache."""
    for its in mongo_places.declared(settings):
        memory = its.server.resources.memory
        cache = Explained(
            name=CACHE,
            value=sizing.mongo_cache(memory),
            rule=f"half of {memory} MiB, 0.25 at least; the rest is for connections, sorts and blocks as on disk",
            source=_PAGE,
        )
        yield Sized(kind="mongo", container=its.name, values=[cache])
