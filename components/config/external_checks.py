"""What is wrong with servers outside of the stack: what can't be done there, and what they would share.

Every function yields all the problems of one rule. What the servers themselves say belongs to
`operate.external_server`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from components.config import places
from components.config.errors import Problem, twice
from components.config.models import Settings
from components.naming import RoleNames, outlet_name, relay_name


def names(settings: Settings) -> list[tuple[str, str]]:
    """Where the names of the containers on the way to such servers come from, and the names."""
    relays = [(f"data-tier:apps.{app}", relay_name(settings.prefix, app)) for app in places.external_apps(settings)]
    return [*relays, *((key, outlet_name(name)) for key, name in relays)]


def _superusers_limits(settings: Settings) -> Iterator[Problem]:
    for app, server in places.external_apps(settings).items():
        database = settings.apps[app].postgres
        if database and database.limits.temp_file_limit:
            yield Problem(
                key=f"data-tier:apps.{app}.postgres.limits.temp_file_limit",
                value=f"{database.limits.temp_file_limit}Mi",
                rule=f"only a superuser may set it, and {server.admin} on {server.where} needn't be one",
                remedy="Remove it, and set it where that server's own parameters are set",
            )


def _pooler(settings: Settings) -> Iterator[Problem]:
    """Keys about a pooler, which no such server has in front."""
    for app in places.external_apps(settings):
        database = settings.apps[app].postgres
        for key in ("direct", "weight"):
            if database and key in database.model_fields_set and settings.postgres.pooler:
                yield Problem(
                    key=f"data-tier:apps.{app}.postgres.{key}",
                    value=getattr(database, key),
                    rule="a server outside of the stack has no pooler in front: all connections are direct",
                    remedy="Remove it",
                )


def _one_server(settings: Settings) -> Iterator[Problem]:
    """Names that several apps, or the admin, would have on one server."""
    found: dict[str, list[tuple[str, str, str]]] = {}
    for app, server in places.external_apps(settings).items():
        database, key = settings.apps[app].postgres, f"data-tier:apps.{app}.postgres"
        taken = found.setdefault(server.where, [(f"{key}.server.external.admin", server.admin, server.admin)])
        name = database.database if database else ""
        taken += [(f"{key}.database", role, name) for role in RoleNames(name).all]
    for where, taken in found.items():
        said: dict[str, Problem] = {}
        rule = f"the database or one of its roles is declared on {where} by {{other}}"
        for problem in twice(taken, rule, "Rename one of them"):
            said.setdefault(problem.key, problem)
        yield from said.values()


def _readers(settings: Settings) -> Iterator[Problem]:
    """Readers have roles for a whole server, and here each app's server is managed by itself."""
    first: dict[str, str] = {}
    for app, server in places.external_apps(settings).items():
        database = settings.apps[app].postgres
        if not database or not database.readers:
            continue
        other = first.setdefault(server.where, app)
        if other != app:
            yield Problem(
                key=f"data-tier:apps.{app}.postgres.readers",
                value=", ".join(database.readers),
                rule=f"{other} has readers on {server.where} already, and their roles are those of one app there",
                remedy="Remove the readers of one of them",
            )


RULES: Final[tuple[Callable[[Settings], Iterator[Problem]], ...]] = (_superusers_limits, _pooler, _one_server, _readers)
