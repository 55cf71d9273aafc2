"""The readers on one server: roles that read the databases of the apps that name them, and write nothing.

A reader is a group with the privileges and two logins that alternate. What is fenced is CONNECT and SELECT: that its
transactions begin read-only is a guard, which it can take off.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_postgresql as postgresql

from components import passwords
from components.config.models import Limits
from components.naming import READERS, ReaderNames
from components.platforms import merged, present
from components.postgres._drain import drained
from components.postgres._inside import inside
from components.postgres._membership import joined
from components.postgres._reader_grants import guarded, nobody_runs_functions, reading
from components.postgres.database import AppDatabase
from components.postgres.endpoint import Endpoint
from components.rotation import Rotation, Slot


@dataclass(frozen=True, kw_only=True)
class ReaderSpec:
    """One reader: what each of its logins may take, which of them serves, and how long, in seconds, sessions of the
    login before may take to end."""

    connections: int
    limits: Limits
    rotation: Rotation = field(default_factory=Rotation)
    drain: int = 20


@dataclass(frozen=True, kw_only=True)
class ReadersArgs:
    """What Readers is built from: the readers by name, and for each app's database on `server` who reads it."""

    server: Endpoint
    readers: Mapping[str, ReaderSpec]
    databases: Mapping[str, tuple[AppDatabase, Sequence[str]]]


class Readers(pulumi.ComponentResource):
    """All readers on one server. Nothing of them is protected: no data goes with them."""

    urls: Mapping[str, Mapping[str, pulumi.Output[str]]]
    """By reader and app: the URL of the app's database with the reader's password, secret."""

    def __init__(self, name: str, args: ReadersArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("data-tier:postgres:Readers", name, {}, opts)
        mine = inside(args.server, self)
        everyone = postgresql.Role(f"{name}-all", name=READERS, login=False, opts=mine)
        joined(f"{name}-all-joined", args.server, everyone, self)
        readers = {
            reader: Reader(
                f"{name}-{reader}", ReaderArgs(server=args.server, name=reader, all=everyone, spec=spec), mine
            )
            for reader, spec in args.readers.items()
        }
        for app, (database, names) in args.databases.items():
            last: pulumi.Resource = nobody_runs_functions(f"{name}-{app}", database, mine)
            for reader in names:
                last = reading(f"{name}-{app}-{reader}", args.server, database, readers[reader].group, last, mine)
        self.urls = {
            reader: {
                app: its.url(database.database) for app, (database, names) in args.databases.items() if reader in names
            }
            for reader, its in readers.items()
        }
        self.register_outputs({"urls": self.urls})


@dataclass(frozen=True, kw_only=True)
class ReaderArgs:
    """What Reader is built from; `all` is the role that every reader is a member of."""

    server: Endpoint
    name: str
    all: postgresql.Role
    spec: ReaderSpec


class Reader(pulumi.ComponentResource):
    """One reader on one server."""

    group: pulumi.Output[str]
    """The role that has the privileges."""

    def __init__(self, name: str, args: ReaderArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(
            "data-tier:postgres:Reader", name, {}, pulumi.ResourceOptions(parent=opts.parent if opts else None)
        )
        self._base, self._args, self._roles = name, args, ReaderNames(args.name)
        self._inside, rotation = inside(args.server, self), args.spec.rotation
        group = postgresql.Role(
            f"{name}-group", name=self._roles.group, login=False, roles=[args.all.name], opts=self._inside
        )
        self.group = group.name
        joined(f"{name}-group-joined", args.server, group, self)
        current, self._password = self._login(rotation.current)
        former, _ = self._login(
            rotation.former, open_=rotation.overlap or not rotation.turned, after=self._drained(current)
        )
        guarded(f"{name}-guarded", args.server, [current.name, former.name], self._inside)
        self.register_outputs({"group": self.group})

    def url(self, database: pulumi.Output[str]) -> pulumi.Output[str]:
        """The URL of a database on this server with the reader's password, secret."""
        server, login = self._args.server, self._roles.login(self._args.spec.rotation.current)
        return pulumi.Output.format(
            "postgresql://{0}:{1}@{2}:{3}/{4}{5}",
            login, self._password, server.hostname, server.port, database, server.url_query,
        )  # fmt: skip

    def _drained(self, current: postgresql.Role) -> list[pulumi.Resource]:
        """What has to be over before the login of the generation before is locked; nothing where none is."""
        rotation, spec = self._args.spec.rotation, self._args.spec
        if not rotation.turned:
            return []
        if rotation.overlap:
            return [current]
        opts = merged(self._inside, depends_on=[current])
        former = self._roles.login(rotation.former)
        return present(current, drained(f"{self._base}-drained", self._args.server, former, spec.drain, opts))

    def _login(
        self, slot: Slot, *, open_: bool = True, after: Sequence[pulumi.Resource] = ()
    ) -> tuple[postgresql.Role, pulumi.Output[str]]:
        """One of the two logins; PostgreSQL gets a verifier of its password, which is returned itself."""
        spec, mine = self._args.spec, pulumi.ResourceOptions(parent=self)
        keepers = spec.rotation.keepers(slot)
        password, verifier = passwords.for_postgres(f"{self._base}-{slot}", mine, keepers)
        made = postgresql.Role(
            f"{self._base}-{slot}",
            name=self._roles.login(slot),
            login=open_,
            password=verifier,
            roles=[self.group],
            statement_timeout=spec.limits.statement_timeout,
            idle_in_transaction_session_timeout=spec.limits.idle_in_transaction_session_timeout,
            connection_limit=spec.connections,
            opts=merged(self._inside, depends_on=list(after)),
        )
        joined(f"{self._base}-{slot}-joined", self._args.server, made, self)
        return made, password
