"""Whose each database is: an app has one database with one service, and a database one app. Pure.

Where several services use one database, the one that answers on a port is its app; the others stay beside the file for
a person to decide.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from operate.adopt.unit import Unit
from operate.adopt.uses import Use, Uses

_LATER: Final = re.compile(r"LEGACY|OLD_|REPLICA|READ|SHADOW|TEST|DIRECT|UNPOOLED", flags=re.IGNORECASE)
# every server has it, and nothing is in it unless somebody says so
_NOBODYS: Final = frozenset({"postgres", "template1"})
Database = tuple[str, str]
"""A server's unit and a database on it."""


class Server(Protocol):
    """What is known of a server: the database that is meant where none is named, and all that are declared."""

    @property
    def main(self) -> str:
        """The database that is meant."""

    @property
    def databases(self) -> Iterable[str]:
        """The declared ones."""


@dataclass
class Owners:
    """`databases` by unit; `spare` are those of no unit; `beside` units by the one whose database they use as well;
    `further` databases by the unit that uses them beside its own; `unsure` units whose use is a guess that isn't taken.
    """

    databases: dict[str, Database] = field(default_factory=dict)
    spare: list[Database] = field(default_factory=list)
    beside: dict[str, str] = field(default_factory=dict)
    further: list[tuple[str, Database]] = field(default_factory=list)
    unsure: list[tuple[str, str]] = field(default_factory=list)


def assign(units: Sequence[Unit], servers: Mapping[str, Server], uses: Uses) -> Owners:
    """Each database on `servers`, which are of one kind, to one unit or none."""
    owners = Owners()
    claims: dict[Database, list[tuple[Unit, Use]]] = {}
    for unit in units:
        mine = sorted((use for use in uses.of(unit.name) if use.store in servers), key=_later)
        for at, use in enumerate(mine):
            wanted = (use.store, use.database or servers[use.store].main)
            if at == 0:
                claims.setdefault(wanted, []).append((unit, use))
            else:
                owners.further.append((unit.name, wanted))
    wanted_by = [name for unit in units for name in unit.depends]
    for wanted, claimants in claims.items():
        proven = [one for one in claimants if not one[1].is_guess] or claimants[:1]
        owner = max(proven, key=lambda one: _weight(one[0], wanted[1], wanted_by))[0]
        owners.databases[owner.name] = wanted
        owners.beside |= {unit.name: owner.name for unit, _ in proven if unit is not owner}
        owners.unsure += [(unit.name, wanted[0]) for unit, use in claimants if (unit, use) not in proven]
    declared = [(store, name) for store, server in servers.items() for name in server.databases]
    for one in [*declared, *(wanted for _, wanted in owners.further)]:
        if one not in owners.databases.values() and one not in owners.spare and one[1] not in _NOBODYS:
            owners.spare.append(one)
    return owners


def assign_documents(units: Sequence[Unit], servers: Mapping[str, Server], uses: Uses, owned: Owners) -> Owners:
    """Each MongoDB database to one unit or none; `owned` are those of PostgreSQL.

    A unit without an app, because it shares a database there, gets none here; one with an app stays one here.
    """
    documents = assign([unit for unit in units if unit.name not in owned.beside], servers, uses)
    for name, owner in list(documents.beside.items()):
        if name in owned.databases:
            documents.further.append((name, documents.databases[owner]))
            del documents.beside[name]
    for name in owned.beside:
        wanted = [(use.store, use.database or servers[use.store].main) for use in uses.of(name) if use.store in servers]
        documents.spare += [
            one for one in wanted if one not in documents.databases.values() and one not in documents.spare
        ]
    return documents


def _later(use: Use) -> tuple[bool, bool]:
    return bool(_LATER.search(" ".join(use.variables))), "DATABASE_URL" not in use.variables


def _weight(unit: Unit, database: str, wanted_by: Sequence[str]) -> tuple[bool, bool, bool, int]:
    """How much a unit looks like the one that a database is for."""
    own = re.sub(r"[^a-z0-9]", "", unit.name.lower()) in re.sub(r"[^a-z0-9]", "", database.lower())
    return bool(unit.ports), own, not unit.command, wanted_by.count(unit.name)
