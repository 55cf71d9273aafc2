"""What is wrong with backups beside the rest of the stack file: without TLS, parameters that are theirs, and names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from components.config import companions, postgres_servers
from components.config.companions import Companion
from components.config.errors import Problem
from components.config.models import S3, Settings
from components.config.postgres_servers import Declared
from components.naming import backup_name, backup_relay, outlet_name

_THEIRS: Final = ("archive_mode", "archive_command", "archive_library", "archive_timeout", "wal_level")


def servers(settings: Settings) -> Iterator[Declared]:
    """The servers with backups."""
    return (its for its in postgres_servers.declared(settings) if its.server.backed_up)


def elsewhere(settings: Settings) -> Iterator[tuple[Declared, S3]]:
    """Those whose backups are kept at a service, with that."""
    return ((its, s3) for its in servers(settings) if (s3 := its.server.backed_up and its.server.backed_up.s3))


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
    made = [("the backup container", backup_name(its.name), its) for its in servers(settings)]
    for its, _ in elsewhere(settings):
        relay = backup_relay(backup_name(its.name))
        made += [("the way to its repository", name, its) for name in (relay, outlet_name(relay))]
    yield from companions.problems(settings, (Companion(what, name, its.name, its.path) for what, name, its in made))


RULES: Final[tuple[Callable[[Settings], Iterator[Problem]], ...]] = (_tls, _parameters, _names)
