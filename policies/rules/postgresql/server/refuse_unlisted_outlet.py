"""Refuses what leads data out of a database: foreign servers, publications, subscriptions, replication slots."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from policies.rule import ResourceRule, Settings, Severity, Subject, names
from policies.rules.postgresql._types import (
    PHYSICAL_SLOT,
    PUBLICATION,
    REPLICATION_SLOT,
    SERVER,
    SUBSCRIPTION,
    USER_MAPPING,
)
from policies.scalars import identifier

_OUTLETS: Final = {
    SERVER: ("serverName", "a foreign server connects the database to another place"),
    USER_MAPPING: ("serverName", "a user mapping lets a role reach a foreign server"),
    SUBSCRIPTION: ("name", "a subscription connects to another server and writes what comes from there"),
    PUBLICATION: ("name", "a publication offers tables to any replication login"),
    REPLICATION_SLOT: ("name", "a replication slot hands out all changes, and fills the disk while nobody reads them"),
    PHYSICAL_SLOT: ("name", "a replication slot hands out all changes, and fills the disk while nobody reads them"),
}
_NOT_KNOWN: Final[Any] = object()


def _check(subject: Subject, settings: Settings) -> Iterator[str]:
    key, meaning = _OUTLETS[subject.type]
    name = subject.get(key, unknown=_NOT_KNOWN) if settings["allow"] else ""
    if name is not _NOT_KNOWN and (identifier(name) or None) not in {identifier(one) for one in settings["allow"]}:
        yield f"{key}: {meaning}"


RULE = ResourceRule(
    name="refuse-unlisted-outlet",
    description="Only listed servers, publications, subscriptions and replication slots exist.",
    why="Each is a path for data past the networks and grants that the stack declares.",
    remedy="Remove it, or list its name under `allow` for as long as a move or a standby needs it",
    severity=Severity.HIGH,
    types=frozenset(_OUTLETS),
    settings={"allow": names("Names of servers, publications, subscriptions and slots that may exist.")},
    check=_check,
)
