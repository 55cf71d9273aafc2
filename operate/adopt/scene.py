"""What was found out about a project, and the questions that the sections of the file ask of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from operate.adopt import names
from operate.adopt.owners import Database, Owners
from operate.adopt.purposes import Purposes
from operate.adopt.recognise import Kind
from operate.adopt.servers import Mongo, Postgres, Redis
from operate.adopt.unit import Project, Unit
from operate.adopt.uses import Uses


@dataclass(frozen=True, kw_only=True)
class Scene:
    """Everything that was found out about a project before anything is written.

    `owners` say whose each database of PostgreSQL is, `documents` whose each of MongoDB.
    """

    project: Project
    kinds: Mapping[str, Kind]
    uses: Uses
    owners: Owners
    documents: Owners
    purposes: Purposes
    postgres: Mapping[str, Postgres]
    redis: Mapping[str, Redis]
    mongo: Mapping[str, Mongo]

    def has_stores(self, unit: Unit) -> bool:
        """Whether it becomes an app with a store of its own."""
        named = (self.owners.databases, self.documents.databases, self.purposes.apps)
        return any(unit.name in its for its in named)

    @property
    def beside(self) -> dict[str, tuple[str, Database]]:
        """Each unit that uses a database which another unit has: that unit, and the database."""
        return {
            unit: (owner, its.databases[owner])
            for its in (self.documents, self.owners)
            for unit, owner in its.beside.items()
        }

    def uses_data(self, unit: Unit) -> bool:
        """Whether it speaks to a store of any kind, here or elsewhere."""
        stores = (Kind.POSTGRES, Kind.REDIS, Kind.MONGO, Kind.OTHER_STORE)
        here = any(self.kinds[use.store] in stores and not use.is_guess for use in self.uses.of(unit.name))
        return self.has_stores(unit) or here or any(name == unit.name for name, *_ in self.uses.outside)

    def app_names(self) -> dict[str, str]:
        """An app's name for each unit that is one."""
        found: dict[str, str] = {}
        for unit in self.project.units:
            if self.kinds[unit.name] is Kind.APP:
                found[unit.name] = names.app(unit.name, list(found.values()))
        return found

    def database_names(self, topology: str) -> dict[Database, str]:
        """The name of each database in the stack file: two servers may have had the same one."""
        found: dict[Database, str] = {}
        users = {its: unit for unit, its in self.owners.databases.items()}
        for one in [*self.owners.databases.values(), *self.owners.spare]:
            taken = list(found.values()) if topology == "unified" else []
            found[one] = names.database(one[1], users.get(one, one[0]), taken)
        return found

    def document_names(self, topology: str) -> dict[Database, str]:
        """As `database_names` for MongoDB, where case doesn't count."""
        found: dict[Database, str] = {}
        users = {its: unit for unit, its in self.documents.databases.items()}
        for one in [*self.documents.databases.values(), *self.documents.spare]:
            taken = [name.lower() for name in found.values()] if topology == "unified" else []
            found[one] = names.mongo_database(one[1], users.get(one, one[0]), taken)
        return found

    def redis_stores(self, unit: str) -> list[str]:
        """The Redis servers that a unit uses, in order."""
        return list(dict.fromkeys(use.store for use in self.uses.of(unit) if self.kinds[use.store] is Kind.REDIS))
