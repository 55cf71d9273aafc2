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

from components import drivers, passwords, sizing
from components.config.models import AppDatabase as DatabaseSettings
from components.drivers import Driver
from components.naming import POOLER_PORT, READ_PORT, RoleNames
from components.platforms import Lifecycle, merged, present
from components.postgres._drain import drained
from components.postgres._extensions import offered
from components.postgres._grants import grant_chain
from components.postgres._init_sql import InitSql, initialised
from components.postgres._inside import inside
from components.postgres._limits import LimitsArgs, limited
from components.postgres._membership import joined
from components.postgres._row_level_security import helper
from components.postgres.endpoint import Endpoint
from components.rotation import Rotation, Slot


@dataclass(frozen=True, kw_only=True)
class DatabaseSpec:
    """The database of `app`: what it needs, what happens to its data, and whether its logins are `locked`.

    `connections` are those of each of its logins, `reading` those that readers may take beside them; `pooler` is the
    name that its clients connect to where a pooler is in front of the server. `drain` is how long, in seconds,
    sessions of the login before may take to end when the logins change over. `looks` says that only the server knows
    which extensions it offers.
    """

    app: str
    settings: DatabaseSettings
    lifecycle: Lifecycle
    connections: int
    locked: bool = False
    pooler: str | None = None
    rotation: Rotation = field(default_factory=Rotation)
    drain: int = 20
    reading: int = 0
    looks: bool = False


@dataclass(frozen=True, kw_only=True)
class AppDatabaseArgs:
    """What AppDatabase is built from."""

    server: Endpoint
    spec: DatabaseSpec


class AppDatabase(pulumi.ComponentResource):
    """A database that only its own app's roles can enter."""

    database: pulumi.Output[str]
    """The database's name."""

    owner: pulumi.Output[str]
    """The role that owns the database and all that migrations make."""

    group: pulumi.Output[str]
    """The role that reads and writes rows."""

    granted: pulumi.Resource
    """The last grant, of the files that the database begins with too: others on this database come after it."""

    url: pulumi.Output[str]
    """The app's URL with its password, through the pooler where there is one; secret."""

    direct_url: pulumi.Output[str]
    """The app's URL beside the pooler; secret."""

    read_url: pulumi.Output[str]
    """The app's URL that leads to the standby, where the server has members; secret."""

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
        self._limited: dict[str, list[pulumi.Resource]] = {}
        self._inside = inside(args.server, self)
        self._kept = args.spec.lifecycle.stateful(self._inside)

        first = merged(self._kept, depends_on=self._offered())  # all the rest comes after these two roles
        owner = postgresql.Role(f"{name}-owner", name=self._roles.owner, login=False, opts=first)
        self._group = postgresql.Role(f"{name}-group", name=self._roles.group, login=False, opts=first)
        roles = {"owner": owner, "group": self._group}
        managed = [
            one for role, its in roles.items() for one in joined(f"{name}-{role}-joined", args.server, its, self)
        ]
        database = self._database(owner, managed)
        extensions = self._extensions(database)
        chain = merged(self._inside, depends_on=extensions)
        self.owner, self.group = owner.name, self._group.name
        granted = grant_chain(name, database.name, self.owner, self.group, chain)
        after = merged(self._inside, depends_on=[granted])
        asked = args.spec.settings.row_level_security
        helping = helper(f"{name}-row-level-security", args.server, asked, database.name, self.owner, after)
        self.granted = helping or granted
        self.login, password = self._login(self.rotation.current)
        if not self.rotation.turned:
            self._login(self.rotation.former)
        migrating, migration = self._login("migrate")

        filled = self._filled(migration, [self.granted, migrating])
        self.granted = filled or self.granted  # its files grant too

        self.database = database.name
        serving = [self.login, *self._limited.get(self.rotation.current, ())]
        self.needed = present(*serving, migrating, self.granted, filled) if self.rotation.turned else [self]
        self._password, driver = password, args.spec.settings.driver
        self.direct_url = self._as_app(driver, self._hostname, args.server.port)
        self.read_url = self._as_app(driver, self._hostname, READ_PORT)
        self.url = self.url_for(driver)
        self.migrate_url = self._url(self._roles.migrate, migration, self._hostname, args.server.port)
        self.register_outputs(
            {
                "database": self.database,
                "url": self.url,
                "direct_url": self.direct_url,
                "migrate_url": self.migrate_url,
            }
        )

    def _database(self, owner: postgresql.Role, after: Sequence[pulumi.Resource]) -> postgresql.Database:
        return postgresql.Database(
            f"{self._base}-database",
            name=self._roles.database,
            owner=owner.name,
            template="template0",
            encoding="UTF8",
            lc_collate="C.UTF-8",  # part of glibc and of musl: the same order on every image, before and after a move
            lc_ctype="C.UTF-8",
            connection_limit=self._most_connections(),
            opts=merged(self._kept, depends_on=list(after)) if after else self._kept,
        )

    def _most_connections(self) -> int:
        managing = 0 if self._server.superuser else sizing.ADMIN_CONNECTIONS
        return self._spec.connections + sizing.MIGRATION_CONNECTIONS + self._spec.reading + managing

    def _offered(self) -> list[pulumi.Resource]:
        """The look at what the server offers, where only it knows."""
        spec = self._spec
        if not spec.looks:
            return []
        name, asked_for = f"{self._base}-extensions-offered", spec.settings.extensions
        return present(offered(name, self._server, spec.app, asked_for, self._inside))

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

    def close_former(self, after: Sequence[pulumi.Resource], pooler: str | None = None) -> None:
        """Let nobody log in as the generation before any more, once `after` have given the app its new URL; `pooler` is
        the container whose clients it has too.

        Apart from the constructor, because the files that change over are made after the database that they lead to.
        """
        if not self.rotation.turned:
            return
        former, after = self.rotation.former, [self.login, *after]
        if not self.rotation.overlap and not self._spec.locked:
            role = self._roles.login(former)
            opts = merged(self._inside, depends_on=after)
            after = present(*after, self._drained(role, pooler, opts))
        self._login(former, open_=self.rotation.overlap, after=after)

    def _drained(self, role: str, pooler: str | None, opts: pulumi.ResourceOptions) -> pulumi.Resource | None:
        return drained(f"{self._base}-drained", self._server, role, self._spec.drain, opts, pooler)

    def _login(
        self,
        role: Slot | Literal["migrate"],
        *,
        open_: bool = True,
        after: Sequence[pulumi.Resource] = (),
    ) -> tuple[postgresql.Role, pulumi.Output[str]]:
        """A role that logs in where `open_`; PostgreSQL gets a verifier of its password, which is returned itself.

        Who migrates acts as the owner from the start of each session: that are migrations, or with `ddl` all.
        """
        migrates = role == "migrate"
        keepers = self.rotation.keepers(None if role == "migrate" else role)
        acts_as_owner = migrates or self._spec.settings.ddl
        secret = self._spec.lifecycle.replaceable(pulumi.ResourceOptions(parent=self), rotated=keepers is not None)
        password, verifier = passwords.for_postgres(f"{self._base}-{role}", secret, keepers)
        limits = None if migrates else self._spec.settings.limits  # a migration may take its time
        made = postgresql.Role(
            f"{self._base}-{role}",
            name=self._roles.login(role),
            login=open_ and not self._spec.locked,
            password=verifier,
            roles=[self.group, self.owner] if acts_as_owner else [self.group],
            assume_role=self._roles.owner if acts_as_owner else None,
            statement_timeout=limits.statement_timeout if limits else None,
            idle_in_transaction_session_timeout=limits.idle_in_transaction_session_timeout if limits else None,
            connection_limit=sizing.MIGRATION_CONNECTIONS if migrates else self._spec.connections,
            opts=merged(self._kept, depends_on=list(after)),
        )
        joined(f"{self._base}-{role}-joined", self._server, made, self)
        if not migrates:
            self._limited[role] = present(self._limits(role, made))
        return made, password

    def _limits(self, role: Slot | Literal["migrate"], made: postgresql.Role) -> pulumi.Resource | None:
        """Those that the role itself has no field for."""
        login, spec = self._roles.login(role), self._spec
        args = LimitsArgs(server=self._server, login=login, app=spec.app, settings=spec.settings)
        return limited(f"{self._base}-{role}-limits", args, made, self)

    def url_for(self, driver: Driver | None) -> pulumi.Output[str]:
        """The app's URL as a driver takes it, through the pooler where there is one; secret."""
        if self._spec.pooler:
            return self._as_app(driver, self._spec.pooler, POOLER_PORT)
        return self._as_app(driver, self._hostname, self._server.port)

    def _as_app(self, driver: Driver | None, host: pulumi.Input[str], port: int) -> pulumi.Output[str]:
        return self._url(self._roles.login(self.rotation.current), self._password, host, port, driver)

    def _url(
        self,
        login: str,
        password: pulumi.Output[str],
        host: pulumi.Input[str],
        port: int,
        driver: Driver | None = None,
    ) -> pulumi.Output[str]:
        scheme, query = drivers.scheme(driver), drivers.query(driver, self._query)
        return pulumi.Output.format(
            "{0}://{1}:{2}@{3}:{4}/{5}{6}", scheme, login, password, host, port, self._roles.database, query
        )
