"""Refuses data that the program could delete: volumes of data containers, databases, roles, and their passwords.

A password that is written into a volume is data: without it the volume can't be opened any more. That of an app's login
isn't once it rotates: the admin sets another one, and protection would forbid just that. Nor is an admin's once a later
generation of it, which is protected, opens the volume. The roles of the program's readers own nothing: a reader that is
taken out of the stack file takes no data with it. While the stack's own outputs
call an app `purging`, what goes with it is unprotected, a shared server after the last of its apps too: the program
decides which, and a pull request shows it as deletions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from policies.containers import CONTAINERS, DATA_COMPONENTS, TIER, Mount, Workload
from policies.rule import Finding, Settings, Severity, StackRule, Subject
from policies.rules.postgresql._types import DATABASE, ROLE, SCHEMA
from policies.stores import is_store_image

_STACK: Final = "pulumi:pulumi:Stack"
_VOLUME: Final = "docker:index/volume:Volume"
_PASSWORD: Final = "random:index/randomPassword:RandomPassword"
_APP_LOGINS: Final = frozenset(
    {"data-tier:postgres:AppDatabase", "data-tier:redis:RedisUser", "data-tier:mongo:MongoUser"}
)
_REMADE: Final = "data-tier:pooler:PgBouncer"  # protected, a pooler could not be taken out of the stack file again
_REMADE_LOGINS: Final = frozenset(
    {"data-tier:postgres:Readers", "data-tier:postgres:Reader", "data-tier:postgres:Watchdog"}
)
_BACKUPS: Final = "data-tier:postgres:Backups"
_SOCKETS: Final = ("/var/run/postgresql", "/run/postgresql")
_OBJECTS: Final = frozenset({DATABASE, ROLE, SCHEMA})


def _check(subjects: Sequence[Subject], _: Settings) -> Iterator[Finding]:
    """The unprotected first: where there is none, nothing else need be known."""
    bare = [one for one in subjects if not one.protect and one.type in (_VOLUME, _PASSWORD, *_OBJECTS)]
    if bare and _purges(subjects):
        return
    used = _volumes_of_stores(subjects) if any(one.type == _VOLUME for one in bare) else frozenset()
    kept = [one for one in subjects if one.protect and one.type == _PASSWORD]
    for one in bare:
        if (what := _holds(one, used)) and not any(_follows(other, one) for other in kept):
            yield Finding(f"protect: {what} isn't protected", one.urn)


def _holds(one: Subject, used: frozenset[str]) -> str:
    """What an unprotected resource holds, "" where that is no data, or data that a pooler makes again by itself."""
    if _REMADE in one.kinds or (one.type in (ROLE, _PASSWORD) and not _REMADE_LOGINS.isdisjoint(one.kinds)):
        return ""  # owns nothing, and the admin sets another password
    if one.type == ROLE and _BACKUPS in one.kinds:
        return ""  # it has no password and owns nothing; the repository's passphrase is data
    if one.type in _OBJECTS:
        return "a database object"
    if one.type == _PASSWORD:
        if _rotates(one):
            return ""
        inside = any(kind.startswith(DATA_COMPONENTS) for kind in one.kinds[:-1]) or _names_store(one.name)
        return "a password that lives in a volume" if inside else ""
    name, labels = str(one.get("name")), one.reader.items(one.props, "labels")
    labelled = any((one.reader.get(it, "label"), one.reader.get(it, "value")) == (TIER, "data") for _, it in labels)
    return "a volume with data" if labelled or name in used else ""


def _names_store(name: str) -> bool:
    """Whether any part of a name is a store's: `postgres-admin` is no image of one, and its password is one's."""
    return any(is_store_image(part) for part in (name, *re.split("[-_.]", name)))


def _rotates(one: Subject) -> bool:
    """Whether it is the password of an app's login that a rotation has made."""
    made = any(key == "generation" for key, _ in one.reader.entries(one.props, "keepers"))
    return made and not _APP_LOGINS.isdisjoint(one.kinds)


def _follows(other: Subject, one: Subject) -> bool:
    """Whether a password is the next generation of `one`: the two are kept by turns, beside each other."""
    beside = other.urn.rpartition("::")[0] == one.urn.rpartition("::")[0]
    first, second = sorted((one.name, other.name), key=len)
    return beside and second == f"{first}-b" and _generation(other) > _generation(one)


def _generation(one: Subject) -> int:
    made = [str(value) for key, value in one.reader.entries(one.props, "keepers") if key == "generation"]
    return int(made[0]) if made and made[0].isdigit() else 1


def _volumes_of_stores(subjects: Sequence[Subject]) -> frozenset[str]:
    """The names of the volumes that data containers write to. Secrets are filled anew, and are mounted read-only; where
    PostgreSQL's socket is, it writes nothing else, unless it is told to.
    """
    found: set[str] = set()
    for subject in subjects:
        if subject.type in CONTAINERS:
            workload = Workload(subject)
            written = {
                str(one.source)
                for one in workload.mounts()
                if one.kind == "volume" and one.source and not one.read_only and not _has_only_a_socket(workload, one)
            }
            if written and not workload.one_shot() and workload.is_store():
                found |= written
    return frozenset(found)


def _has_only_a_socket(workload: Workload, mount: Mount) -> bool:
    told = [value for _, name, value in workload.environment() if name.upper() == "PGDATA"]
    elsewhere = all(isinstance(value, str) and "run/postgresql" not in value for value in told)
    return mount.target in _SOCKETS and elsewhere and "run/postgresql" not in " ".join(map(str, workload.command()))


def _purges(subjects: Sequence[Subject]) -> bool:
    """Whether an app is on its way out, by the stack's own ledger."""
    return any(
        stack.reader.get(entry, "purging") is True
        for stack in subjects
        if stack.type == _STACK
        for _, entry in stack.reader.entries(stack.props, "apps")
    )


RULE = StackRule(
    name="require-protected-data",
    description="Everything that holds data is protected.",
    why="Without `protect` a renamed key or a deleted line takes a volume, a database or its password with it.",
    remedy="Set `protect` (`data-tier:protect` is true by default); delete an app with `./operatew purge`",
    severity=Severity.HIGH,
    check=_check,
)
