"""What is wrong with readers: who names them, and whether anybody does.

Every function yields all the problems of one rule. Clashes of their roles' names and their connections belong to
`checks`, where those of apps are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from components.config.errors import Problem, twice
from components.config.models import Settings


def _declared(settings: Settings) -> Iterator[Problem]:
    for app, its in settings.apps.items():
        for at, name in enumerate(its.postgres.readers if its.postgres else ()):
            if name not in settings.readers:
                yield Problem(
                    key=f"data-tier:apps.{app}.postgres.readers[{at}]",
                    value=name,
                    rule="there is no such reader in data-tier:readers",
                    remedy="Declare it there"
                    + (f", or choose one of {', '.join(settings.readers)}" if settings.readers else ""),
                    needs=f"data-tier:readers.{name}",
                )


def _named_once(settings: Settings) -> Iterator[Problem]:
    for app, its in settings.apps.items():
        names = its.postgres.readers if its.postgres else ()
        entries = ((f"data-tier:apps.{app}.postgres.readers[{at}]", name, name) for at, name in enumerate(names))
        yield from twice(entries, "it is named twice", "Name it once")


def _used(settings: Settings) -> Iterator[Problem]:
    used = {name for its in settings.apps.values() if its.postgres for name in its.postgres.readers}
    for name in settings.readers:
        if name not in used:
            yield Problem(
                key=f"data-tier:readers.{name}",
                rule="no app names it, so that it would read nothing",
                remedy=f"Write readers: [{name}] under postgres of the apps that it reads, or remove it",
                needs="data-tier:apps",
            )


RULES: Final[tuple[Callable[[Settings], Iterator[Problem]], ...]] = (_declared, _named_once, _used)
