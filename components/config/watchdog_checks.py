"""What is wrong with the watchdogs' names: their containers are called after their servers and declared by nobody."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from components.config import companions, places, postgres_servers
from components.config.companions import Companion
from components.config.errors import Problem
from components.config.models import Settings
from components.naming import watchdog_name


def watched(settings: Settings, app: str | None) -> bool:
    """Whether a watchdog stands beside the server of `app`, None for the shared one: where there is what to watch."""
    apps = places.apps_in(settings, "unified") if app is None else {app: settings.apps[app]}
    declared = any(its.postgres and its.postgres.limits.declared for its in apps.values())
    return settings.postgres.watchdog.enabled and declared


def _names(settings: Settings) -> Iterator[Problem]:
    return companions.problems(
        settings,
        (
            Companion("the watchdog", watchdog_name(its.name), its.name, its.path)
            for its in postgres_servers.declared(settings)
            if watched(settings, its.app)
        ),
    )


RULES: Final[tuple[Callable[[Settings], Iterator[Problem]], ...]] = (_names,)
