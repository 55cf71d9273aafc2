"""What is wrong with backups beside the rest of the stack file: without TLS, parameters that are theirs, and names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from components.config import companions, postgres_servers
from components.config.companions import Companion
from components.config.errors import Problem
from components.config.models import Settings
from components.config.postgres_servers import Declared
from components.naming import backup_name

_THEIRS: Final = ("archive_mode", "archive_command", "archive_library", "archive_timeout", "wal_level")


def servers(settings: Settings) -> Iterator[Declared]:
    """The servers with backups."""
    return (its for its in postgres_servers.declared(settings) if its.server.backed_up)


def _tls(settings: Settings) -> Iterator[Problem]:
    if settings.tls.enabled:
        return
    for its in servers(settings):
        yield Problem(
            key=f"{its.path}.backup",
            value="backup",
            rule="the log goes to the backup container over TLS, and the stack has none",
            remedy="Remove tls.enabled: false, or backup",
        )
        return


def _parameters(settings: Settings) -> Iterator[Problem]:
    for its in servers(settings):
        for name in _THEIRS:
            if name in its.server.parameters:
                yield Problem(
                    key=f"{its.path}.parameters.{name}",
                    value=its.server.parameters[name],
                    rule="backups set it themselves",
                    remedy="Remove it; how much may be lost is backup.archive_timeout",
                )


def _names(settings: Settings) -> Iterator[Problem]:
    return companions.problems(
        settings,
        (Companion("the backup container", backup_name(its.name), its.name, its.path) for its in servers(settings)),
    )


RULES: Final[tuple[Callable[[Settings], Iterator[Problem]], ...]] = (_tls, _parameters, _names)
