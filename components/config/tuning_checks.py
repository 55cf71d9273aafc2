"""What is wrong with a server's parameters and sizes, and with limits of apps that it can't hold.

Every function yields all the problems of one rule. How large the parts are belongs to `components.tuning`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from typing import Final

from components.config import places, pools, postgres_servers
from components.config.errors import NOTHING, Problem
from components.config.models import Postgres, Settings
from components.config.postgres_servers import Declared
from components.tuning.catalogue import INSTEAD, PARAMETERS
from components.tuning.postgres import memory_at_most
from components.tuning.postgres_servers import parameter_keys

_KIB: Final = 1024
_ON_DISK: Final = ("temp_file_limit", "max_wal_size", "min_wal_size")


def _declared(settings: Settings) -> Iterator[tuple[str, str, str]]:
    """The key, name and value of every parameter in the stack file."""
    yield from (
        (f"data-tier:postgres.parameters.{name}", name, value) for name, value in settings.postgres.parameters.items()
    )
    for app, its in settings.apps.items():
        own = its.postgres.server.parameters if its.postgres else {}
        yield from (
            (f"data-tier:apps.{app}.postgres.server.parameters.{name}", name, value) for name, value in own.items()
        )


def _parameters(settings: Settings) -> Iterator[Problem]:
    for key, name, value in _declared(settings):
        if name not in PARAMETERS:
            yield _unknown(key, name)
        elif not _is_well(name, value):
            form = PARAMETERS[name].form
            yield Problem(
                key=key, value=value, rule=f"PostgreSQL takes {form} here, without a blank", remedy="Write it so"
            )


def _unknown(key: str, name: str) -> Problem:
    if name in INSTEAD:
        return Problem(key=key, rule="this parameter isn't set here", remedy=INSTEAD[name])
    near = get_close_matches(name, PARAMETERS, n=1)
    remedy = f"Did you mean {near[0]}? docs/settings.md has the list" if near else "docs/settings.md has the list"
    return Problem(key=key, rule="it isn't one of the parameters that may be set", remedy=remedy)


def _is_well(name: str, value: str) -> bool:
    try:
        PARAMETERS[name].read(value)
    except ValueError:
        return False
    return True


def _sound(settings: Settings) -> Iterator[tuple[Declared, Mapping[str, str]]]:
    """The servers whose parameters can be read, with the parameters' keys."""
    for its in postgres_servers.declared(settings):
        if all(name in PARAMETERS and _is_well(name, value) for name, value in its.server.parameters.items()):
            yield its, parameter_keys(settings, its.app)


def _sessions(settings: Settings, app: str | None, server: Postgres) -> int:
    """How many may sort at once: a declared work_mem is held against what logins may open, not against every place."""
    return pools.openable(settings, app) if "work_mem" in server.parameters else pools.capacity(server)


def _memory(settings: Settings) -> Iterator[Problem]:
    """The server would be ended by the kernel when all its connections sort at once."""
    for its, keys in _sound(settings):
        server = its.server
        sessions, memory = _sessions(settings, its.app, server), server.resources.memory
        parts = memory_at_most(server, sessions)
        if sum(parts.values()) <= memory * _KIB:
            continue
        largest = max(parts, key=lambda name: (name in server.parameters, parts[name]))
        told = ", ".join(f"{name} {number // _KIB} MiB" for name, number in parts.items())
        yield Problem(
            key=keys.get(largest, f"{its.path}.connections"),
            value=server.parameters.get(largest, server.connections or NOTHING),
            rule=f"with {sessions} connections the parts come to {sum(parts.values()) // _KIB} MiB of {memory}: {told}",
            remedy="Lower it, declare fewer connections, or give the server more memory",
        )


def _disk(settings: Settings) -> Iterator[Problem]:
    for its, keys in _sound(settings):
        server = its.server
        for name in _ON_DISK:
            if (
                name in server.parameters
                and int(PARAMETERS[name].read(server.parameters[name])) > server.storage * _KIB
            ):
                yield Problem(
                    key=keys[name],
                    value=server.parameters[name],
                    rule=f"it is more than the {server.storage} MiB of storage",
                    remedy="Lower it, or declare more storage",
                )


def _limits(settings: Settings) -> Iterator[Problem]:
    """Each app's against every server that holds it."""
    for app, its in settings.apps.items():
        for place in places.places(settings, app) if its.postgres else ():
            if place == "unified":
                yield from _of_app(app, settings, settings.postgres)
            elif not places.external(settings, app):
                yield from _of_app(app, settings, places.own_postgres(settings, app))


def _of_app(app: str, settings: Settings, server: Postgres) -> Iterator[Problem]:
    database = settings.apps[app].postgres
    if database is None:
        return
    limits, key = database.limits, f"data-tier:apps.{app}.postgres.limits"
    room = server.resources.memory * 3 // 4
    if limits.work_mem and limits.work_mem * database.connections > room:
        yield Problem(
            key=f"{key}.work_mem",
            value=f"{limits.work_mem}Mi",
            rule=f"{database.connections} connections of {limits.work_mem} MiB each come to more than the {room} MiB "
            "that its server has beside shared buffers",
            remedy=f"Write {room // database.connections}Mi or less"
            if room >= database.connections
            else "Lower connections",
        )
    if limits.temp_file_limit and limits.temp_file_limit > server.storage:
        yield Problem(
            key=f"{key}.temp_file_limit",
            value=f"{limits.temp_file_limit}Mi",
            rule=f"it is more than the {server.storage} MiB of storage",
            remedy="Lower it, or declare more storage",
        )


def _once(settings: Settings) -> Iterator[Problem]:
    """What several servers have wrong by one key is one problem."""
    found: dict[str, Problem] = {}
    for rule in (_parameters, _memory, _disk, _limits):
        for problem in rule(settings):
            found.setdefault(problem.key, problem)
    yield from found.values()


RULES: Final[tuple[Callable[[Settings], Iterator[Problem]], ...]] = (_once,)
