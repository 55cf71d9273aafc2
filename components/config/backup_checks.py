"""What is wrong with backups beside the rest of the stack file: without TLS, parameters that are theirs, and names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from components.config import places
from components.config.errors import Problem
from components.config.models import Postgres, Settings
from components.naming import backup_name

_LONGEST: Final = 63  # a DNS label, RFC 1035
_THEIRS: Final = ("archive_mode", "archive_command", "archive_library", "archive_timeout", "wal_level")


def servers(settings: Settings) -> Iterator[tuple[str, Postgres]]:
    """The servers with backups, each with the key of its section."""
    if places.shares_postgres(settings) and settings.postgres.backed_up:
        yield "data-tier:postgres", settings.postgres
    for app in places.own_postgres_apps(settings):
        if (own := places.own_postgres(settings, app)).backed_up:
            yield f"data-tier:apps.{app}.postgres.server", own


def _tls(settings: Settings) -> Iterator[Problem]:
    if settings.tls.enabled:
        return
    for key, _ in servers(settings):
        yield Problem(
            key=f"{key}.backup",
            value="backup",
            rule="the log goes to the backup container over TLS, and the stack has none",
            remedy="Remove tls.enabled: false, or backup",
        )
        return


def _parameters(settings: Settings) -> Iterator[Problem]:
    for key, server in servers(settings):
        for name in _THEIRS:
            if name in server.parameters:
                yield Problem(
                    key=f"{key}.parameters.{name}",
                    value=server.parameters[name],
                    rule="backups set it themselves",
                    remedy="Remove it; how much may be lost is backup.archive_timeout",
                )


def _names(settings: Settings) -> Iterator[Problem]:
    others = {settings.service_name(app): f"data-tier:apps.{app}.service.name" for app, _ in places.services(settings)}
    for key, server in servers(settings):
        name = backup_name(server.name or settings.postgres_name)
        if name in others:
            yield Problem(
                key=others[name],
                value=name,
                rule="the container that makes backups is called so",
                remedy="Give the service another name",
            )
        if len(name) > _LONGEST:
            yield Problem(
                key=f"{key}.name",
                value=server.name or settings.postgres_name,
                rule=f"with -backup behind it, as its backup container is called, it is over {_LONGEST} characters",
                remedy="Give the server a shorter name",
            )


RULES: Final[tuple[Callable[[Settings], Iterator[Problem]], ...]] = (_tls, _parameters, _names)
