"""What is wrong with the watchdogs' names: their containers are called after their servers and declared by nobody."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from components.config import places
from components.config.errors import Problem
from components.config.models import Settings
from components.naming import watchdog_name

_LONGEST: Final = 63  # a DNS label, RFC 1035


def watched(settings: Settings, app: str | None) -> bool:
    """Whether a watchdog stands beside the server of `app`, None for the shared one: where there is what to watch."""
    apps = places.apps_in(settings, "unified") if app is None else {app: settings.apps[app]}
    declared = any(its.postgres and its.postgres.limits.declared for its in apps.values())
    return settings.postgres.watchdog.enabled and declared


def _names(settings: Settings) -> Iterator[Problem]:
    others = {settings.service_name(app): f"data-tier:apps.{app}.service.name" for app, _ in places.services(settings)}
    for key, server in _servers(settings):
        name = watchdog_name(server)
        if name in others:
            yield Problem(
                key=others[name],
                value=name,
                rule=f"the watchdog beside {server} is called so",
                remedy="Give the service another name",
            )
        if len(name) > _LONGEST:
            yield Problem(
                key=key,
                value=server,
                rule=f"with -watchdog behind it, as its watchdog is called, it is over {_LONGEST} characters",
                remedy="Give the server a shorter name",
            )


def _servers(settings: Settings) -> Iterator[tuple[str, str]]:
    """Where the name of each watched server is declared, and the name."""
    if watched(settings, None):
        yield "data-tier:postgres.name", settings.postgres_name
    for app in places.own_postgres_apps(settings):
        if watched(settings, app):
            yield f"data-tier:apps.{app}.postgres.server.name", places.own_postgres(settings, app).name or ""


RULES: Final[tuple[Callable[[Settings], Iterator[Problem]], ...]] = (_names,)
