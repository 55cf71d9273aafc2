"""What is wrong with extensions: the image hasn't them, as far as that is known, or the server doesn't load them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from difflib import get_close_matches
from typing import Final

from components.config import places
from components.config.errors import Problem
from components.config.models import Settings
from components.extensions import OFFERED


def unknown(settings: Settings) -> bool:
    """Whether only the running server can say what its image offers."""
    return settings.images.source != "debian" or settings.postgres_major not in OFFERED


def _offered(settings: Settings) -> Iterator[Problem]:
    if unknown(settings):
        return
    major, offered = settings.postgres_major, OFFERED[settings.postgres_major]
    for app, its in settings.apps.items():
        if its.postgres is None or (places.external(settings, app) and places.places(settings, app) == ("isolated",)):
            continue
        for at, name in enumerate(its.postgres.extensions):
            if name not in offered:
                near = get_close_matches(name, offered, n=1, cutoff=0.8)
                yield Problem(
                    key=f"data-tier:apps.{app}.postgres.extensions[{at}]",
                    value=name,
                    rule=f"PostgreSQL {major} from Debian's packages, as images are made here, hasn't got it",
                    remedy=f"Did you mean {near[0]}? docs/settings.md has the list"
                    if near
                    else "Remove it, or name an image in data-tier:postgres.image that has it, with images: "
                    "{source: registry}",
                    needs=("data-tier:images", "data-tier:postgres.image"),
                )


_NEEDS: Final = {
    "pgaudit": ("audit", "Write data-tier:postgres.audit: [ddl, write]"),
    "pg_stat_statements": ("statements", "Write data-tier:postgres.statements: true"),
}


def _loaded(settings: Settings) -> Iterator[Problem]:
    """On the servers of the stack: what one outside of it loads is somebody else's."""
    for app, its in settings.apps.items():
        if its.postgres is None or (places.external(settings, app) and places.places(settings, app) == ("isolated",)):
            continue
        for at, name in enumerate(its.postgres.extensions):
            key, remedy = _NEEDS.get(name, ("", ""))
            if key and not getattr(settings.postgres, key):
                yield Problem(
                    key=f"data-tier:apps.{app}.postgres.extensions[{at}]",
                    value=name,
                    rule="it works where the server loads its library at the start",
                    remedy=remedy,
                    needs=f"data-tier:postgres.{key}",
                )


RULES: Final[tuple[Callable[[Settings], Iterator[Problem]], ...]] = (_offered, _loaded)
