"""One app's database on a server: roles, database, extensions and grants.

The owner role owns everything and can't log in; the app's logins read and write rows and no more; migrations run as
the owner. Grants of one database are one chain, because parallel ones collide in PostgreSQL's catalogue.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import pulumi
import pulumi_postgresql as postgresql

from components import passwords, sizing
from components.config.models import AppDatabase as DatabaseSettings
from components.naming import RoleNames
from components.platforms import Lifecycle, merged, present
from components.postgres._drain import drained
from components.postgres._grants import grant_chain
from components.postgres._init_sql import InitSql, initialised
from components.postgres._scram import scram_verifier
from components.postgres.server import PORT, PostgresServer
from components.rotation import Rotation, Slot


@dataclass(frozen=True, kw_only=True)
class DatabaseSpec:
    """One app's database: what it needs, what happens to its data, and whether its logins are `locked`.

    `drain` is how long, in seconds, sessions of the login before may take to end when the logins change over.
    """

    settings: DatabaseSettings
    lifecycle: Lifecycle
    locked: bool = False
    rotation: Rotation = field(default_factory=Rotation)
    drain: int = 20


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
    """The app's URL with its password, secret."""

    migrate_url: pulumi.Output[str]
    """The URL for migrations, which run as the owner; secret."""

    rotation: Rotation
    """Which of its logins serves."""

    login: postgresql.Role
    """The login that the URL names: whoever is given the URL waits for it."""

    needed: list[pulumi.Resource]
    """What has to be there before the app can work."""

    def __init__(self, name: str, args: AppDatabaseArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("data-tier:postgres:AppDatabase", name, {}, opts)
        self._base, self._spec, self._roles = name, args.spec, RoleNames(args.spec.settings.database)
        self._server, self._hostname, self.rotation = args.server, args.server.hostname, args.spec.rotation
        self._query = args.server.url_query
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
        self._group = postgresql.Role(f"{name}-group", name=self._roles.group, login=False, opts=self._kept)
        database = self._database(owner)
        extensions = self._extensions(database)
        chain = merged(self._inside, depends_on=extensions)
        granted = grant_chain(name, database.name, owner.name, self._group.name, chain)
        self.login, password = self._login(self.rotation.current, [self._group.name])
        if not self.rotation.turned:
            self._login(self.rotation.former, [self._group.name])
        migrating, migration = self._login("migrate", [self._group.name, owner.name], owner=self._roles.owner)

        filled = self._filled(migration, [granted, migrating])

        self.database = database.name
        self.needed = present(self.login, migrating, granted, filled) if self.rotation.turned else [self]
        self.url = self._url(self._roles.login(self.rotation.current), password)
        self.migrate_url = self._url(self._roles.migrate, migration)
        self.register_outputs({"database": self.database, "url": self.url, "migrate_url": self.migrate_url})

    def _database(self, owner: postgresql.Role) -> postgresql.Database:
        return postgresql.Database(
            f"{self._base}-database",
            name=self._roles.database,
            owner=owner.name,
            template="template0",
            encoding="UTF8",
            lc_collate="C.UTF-8",  # part of glibc and of musl: the same order on every image, before and after a move
            lc_ctype="C.UTF-8",
            connection_limit=self._spec.settings.connections + sizing.MIGRATION_CONNECTIONS,
            opts=self._kept,
        )

    def _extensions(self, database: postgresql.Database) -> list[pulumi.Resource]:
        return [
            postgresql.Extension(f"{self._base}-extension-{name}", name=name, database=database.name, opts=self._kept)
            for name in sorted(set(self._spec.settings.extensions))
        ]

    def _filled(self, password: pulumi.Output[str], after: Sequence[pulumi.Resource]) -> pulumi.Resource | None:
        """What runs the SQL files that the database begins with; a locked app has nobody to run them."""
        if self._spec.locked:
            return None
        its = InitSql(declared=self._spec.settings.init, roles=self._roles, password=password, server=self._server)
        return initialised(f"{self._base}-init", its, self._inside, after)

    def close_former(self, after: Sequence[pulumi.Resource]) -> None:
        """Let nobody log in as the generation before any more, once `after` have given the app its new URL.

        Apart from the constructor, because the files that change over are made after the database that they lead to.
        """
        if not self.rotation.turned:
            return
        former, after = self.rotation.former, [self.login, *after]
        if not self.rotation.overlap and not self._spec.locked:
            role = self._roles.login(former)
            opts = merged(self._inside, depends_on=after)
            after = present(*after, drained(f"{self._base}-drained", self._server, role, self._spec.drain, opts))
        self._login(former, [self._group.name], open_=self.rotation.overlap, after=after)

    def _login(
        self,
        role: Slot | Literal["migrate"],
        groups: list[pulumi.Output[str]],
        *,
        owner: str | None = None,
        open_: bool = True,
        after: Sequence[pulumi.Resource] = (),
    ) -> tuple[postgresql.Role, pulumi.Output[str]]:
        """A role that logs in where `open_`; PostgreSQL gets a verifier of its password, which is returned itself."""
        keepers = self.rotation.keepers(None if role == "migrate" else role)
        secret = self._spec.lifecycle.replaceable(pulumi.ResourceOptions(parent=self), rotated=keepers is not None)
        password = passwords.generated(f"{self._base}-{role}-password", secret, keepers)
        salt = passwords.salt(f"{self._base}-{role}-salt", secret, keepers)
        limits = None if owner else self._spec.settings.limits  # a migration may take its time
        made = postgresql.Role(
            f"{self._base}-{role}",
            name=self._roles.login(role),
            login=open_ and not self._spec.locked,
            password=pulumi.Output.all(password, salt).apply(lambda both: scram_verifier(*both)),
            roles=groups,
            assume_role=owner,
            statement_timeout=limits.statement_timeout if limits else None,
            idle_in_transaction_session_timeout=limits.idle_in_transaction_session_timeout if limits else None,
            connection_limit=sizing.MIGRATION_CONNECTIONS if owner else self._spec.settings.connections,
            opts=merged(self._kept, depends_on=list(after)),
        )
        return made, password

    def _url(self, login: str, password: pulumi.Output[str]) -> pulumi.Output[str]:
        return pulumi.Output.format(
            "postgresql://{0}:{1}@{2}:{3}/{4}{5}",
            login, password, self._hostname, PORT, self._roles.database, self._query,
        )  # fmt: skip
