"""One app's database on a server: roles, database, extensions and grants.

The owner role owns everything and can't log in; the app's logins read and write rows and no more; migrations run as
the owner. Grants of one database are one chain, because parallel ones collide in PostgreSQL's catalogue.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_postgresql as postgresql

from components import passwords, sizing
from components.config.models import AppDatabase as DatabaseSettings
from components.naming import POOLER_PORT, RoleNames
from components.platforms import Lifecycle, merged, present
from components.postgres._grants import grant_chain
from components.postgres._scram import scram_verifier
from components.postgres.server import PORT, PostgresServer


@dataclass(frozen=True, kw_only=True)
class DatabaseSpec:
    """One app's database: what it needs, what happens to its data, and whether its logins are `locked`.

    `connections` are those of each of its logins; `pooler` is the name that its clients connect to where a pooler is in
    front of the server.
    """

    settings: DatabaseSettings
    lifecycle: Lifecycle
    connections: int
    locked: bool = False
    pooler: str | None = None


@dataclass(frozen=True, kw_only=True)
class AppDatabaseArgs:
    """What AppDatabase is built from."""

    server: PostgresServer
    spec: DatabaseSpec


class AppDatabase(pulumi.ComponentResource):
    """A database that only its own app's roles can enter."""

    database: pulumi.Output[str]
    """The database's name."""

    url: pulumi.Output[str]
    """The app's URL with its password, through the pooler where there is one; secret."""

    direct_url: pulumi.Output[str]
    """The app's URL beside the pooler; secret."""

    migrate_url: pulumi.Output[str]
    """The URL for migrations, which run as the owner; secret."""

    def __init__(self, name: str, args: AppDatabaseArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("data-tier:postgres:AppDatabase", name, {}, opts)
        self._base, self._spec, self._roles = name, args.spec, RoleNames(args.spec.settings.database)
        self._hostname = args.server.hostname
        container = args.server.container
        self._inside = pulumi.ResourceOptions(
            parent=self,
            provider=args.server.provider,
            depends_on=present(container),
            deleted_with=container,
            retain_on_delete=container is None or None,  # with the server down nothing inside can be asked to go
        )
        self._kept = args.spec.lifecycle.stateful(self._inside)

        owner = postgresql.Role(f"{name}-owner", name=self._roles.owner, login=False, opts=self._kept)
        group = postgresql.Role(f"{name}-group", name=self._roles.group, login=False, opts=self._kept)
        database = self._database(owner)
        extensions = self._extensions(database)
        grant_chain(name, database.name, owner.name, group.name, merged(self._inside, depends_on=extensions))
        first, second = self._roles.logins
        password = self._login("a", first, [group.name])
        self._login("b", second, [group.name])
        migration = self._login("migrate", self._roles.migrate, [group.name, owner.name], owner=self._roles.owner)

        self.database = database.name
        self.direct_url = self._url(first, password, self._hostname, PORT)
        self.url = self._url(first, password, args.spec.pooler, POOLER_PORT) if args.spec.pooler else self.direct_url
        self.migrate_url = self._url(self._roles.migrate, migration, self._hostname, PORT)
        self.register_outputs(
            {
                "database": self.database,
                "url": self.url,
                "direct_url": self.direct_url,
                "migrate_url": self.migrate_url,
            }
        )

    def _database(self, owner: postgresql.Role) -> postgresql.Database:
        return postgresql.Database(
            f"{self._base}-database",
            name=self._roles.database,
            owner=owner.name,
            template="template0",
            encoding="UTF8",
            lc_collate="C.UTF-8",  # part of glibc and of musl: the same order on every image, before and after a move
            lc_ctype="C.UTF-8",
            connection_limit=self._spec.connections + sizing.MIGRATION_CONNECTIONS,
            opts=self._kept,
        )

    def _extensions(self, database: postgresql.Database) -> list[pulumi.Resource]:
        return [
            postgresql.Extension(f"{self._base}-extension-{name}", name=name, database=database.name, opts=self._kept)
            for name in sorted(set(self._spec.settings.extensions))
        ]

    def _login(
        self, role: str, login: str, groups: list[pulumi.Output[str]], owner: str | None = None
    ) -> pulumi.Output[str]:
        """A role that logs in; PostgreSQL gets a verifier of its password, the password itself is returned."""
        secret = self._spec.lifecycle.stateful(pulumi.ResourceOptions(parent=self))
        password = passwords.generated(f"{self._base}-{role}-password", secret)
        salt = passwords.salt(f"{self._base}-{role}-salt", secret)
        postgresql.Role(
            f"{self._base}-{role}",
            name=login,
            login=not self._spec.locked,
            password=pulumi.Output.all(password, salt).apply(lambda both: scram_verifier(*both)),
            roles=groups,
            assume_role=owner,
            connection_limit=sizing.MIGRATION_CONNECTIONS if owner else self._spec.connections,
            opts=self._kept,
        )
        return password

    def _url(self, login: str, password: pulumi.Output[str], host: pulumi.Input[str], port: int) -> pulumi.Output[str]:
        return pulumi.Output.format(
            "postgresql://{0}:{1}@{2}:{3}/{4}", login, password, host, port, self._roles.database
        )
