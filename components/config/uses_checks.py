"""What is wrong with further databases of services: `uses`, a variable to the app whose database it leads to.

Every function yields all the problems of one rule.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from components.config.errors import Problem
from components.config.models import App, Settings


def _uses(settings: Settings) -> Iterator[tuple[str, str, str, App]]:
    """App, key, the other app, and the app's section."""
    for app, its in settings.apps.items():
        for name, other in its.uses.items():
            yield app, f"data-tier:apps.{app}.uses.{name}", other, its


def _leads_somewhere(settings: Settings) -> Iterator[Problem]:
    for app, key, other, _ in _uses(settings):
        if other == app:
            rule, remedy = "it is the app's own database, whose URL it has as DATABASE_URL", "Remove it"
        elif other not in settings.apps:
            known = ", ".join(name for name, its in settings.apps.items() if its.postgres and name != app) or "none yet"
            rule, remedy = "there is no such app in data-tier:apps", f"Choose one with a database: {known}"
        elif settings.apps[other].postgres is None:
            rule, remedy = f"{other} has no database", f"Give it postgres, or choose another app than {other}"
        elif other in settings.retired:
            rule, remedy = f"{other} is retired, and its logins are locked", "Remove it first, then retire the app"
        else:
            continue
        yield Problem(key=key, value=other, rule=rule, remedy=remedy, needs=f"data-tier:apps.{other}")


def _has_a_reader(settings: Settings) -> Iterator[Problem]:
    for app, key, other, its in _uses(settings):
        if its.service is None:
            yield Problem(
                key=key,
                value=other,
                rule="the app has no service, and its URL would be in nobody's files",
                remedy=f"Give it one, or remove it: `./operatew env {other}` prints the URL",
                needs=f"data-tier:apps.{app}.service",
            )
        elif its.service.home in {"frontend", "admin"} and not its.has_stores:
            yield Problem(
                key=key,
                value=other,
                rule="services of the frontend and admin tiers have API URLs and never a data URL",
                remedy="Remove it, or put the service on the backend tier",
            )


def _names(settings: Settings) -> Iterator[Problem]:
    """Each is a file and a variable of the service."""
    for app, its in settings.apps.items():
        secrets, variables = (its.service.secrets, its.service.env) if its.service else ({}, {})
        for name in its.uses:
            if name in secrets or f"{name}_FILE" in variables:
                where = f"secrets.{name}" if name in secrets else f"env.{name}_FILE"
                yield Problem(
                    key=f"data-tier:apps.{app}.uses.{name}",
                    rule=f"data-tier:apps.{app}.service.{where} is its name too",
                    remedy="Rename one of them",
                )


RULES: Final[tuple[Callable[[Settings], Iterator[Problem]], ...]] = (_leads_somewhere, _has_a_reader, _names)
