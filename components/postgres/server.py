"""One PostgreSQL server: its volume, admin password, container and the provider that manages what is inside.

Databases and roles belong to `database`; whether several apps share the server is not known here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pulumi
import pulumi_postgresql as postgresql

from components import sizing
from components.config import Postgres
from components.forwarder import Reach, reach
from components.platforms import (
    Stored,
    merged,
    present,
)
from components.postgres import _archiver
from components.postgres import _parts_of_members as members
from components.postgres._follower import WaysArgs
from components.postgres._hba import pg_hba
from components.postgres._members import CURRENT, FOLDER, PASSFILE, Group
from components.postgres._standby import Standby, StandbyArgs
from components.postgres.container import PORT, SOCKETS, container
from components.rotating import rotating
from components.store_server import Managed, ServerArgs
from components.tls import (
    POSTGRES_QUERY,
    ServerCertificate,
)

_UID = 999  # of the user postgres in Debian's images; the server refuses a key that others can read


@dataclass(frozen=True, kw_only=True)
class PostgresServerArgs(ServerArgs):
    """What PostgresServer is built from: its address is one of `subnet`. `watchdog` is the address of the one who
    watches it, `pooler` that of the pooler in front of it, `exporter` that of the exporter, `backup` the name of the
    container to which it archives. With `group` it has members, and `address` leads to the primary, as `follower` does,
    by which apps come.
    """

    settings: Postgres
    subnet: str
    gateway: str
    watchdog: str
    pooler: str | None = None
    exporter: str | None = None
    backup: str | None = None
    group: Group | None = None
    follower: str = ""

    def certificate(self, uid: int) -> ServerCertificate | None:
        """One for all members, whichever answers."""
        if self.group is None or self.tls is None:
            return super().certificate(uid)
        names = [self.hostname, *self.aliases, self.group.host_way, *self.group.names]
        return self.tls.issue(names, [self.address, *self.group.addresses.values()], uid)


class PostgresServer(pulumi.ComponentResource):
    """A PostgreSQL server that answers on one network only."""

    hostname: pulumi.Output[str]
    """The name that clients on its network connect to."""

    address: str
    """Its fixed address, from which the host manages it."""

    url_query: str
    """What a client's URL ends with, so that it verifies this server."""

    admin_password: pulumi.Output[str]
    """The superuser's password, secret."""

    admin: str
    """The superuser."""

    reach: Reach
    """How the host manages it."""

    sslmode: str
    """How far the host asks for TLS on that way, in libpq's words."""

    port: int = PORT
    """The port that clients connect to."""

    superuser: bool = True
    """That its admin is one."""

    sockets: Stored | None
    """The volume with its socket, which a pooler in front of it and who backs it up share; None without them."""

    data: Sequence[Stored]
    """The volumes with its data: those of its members in their order, its own where it has none."""

    sockets_at: str
    """Where a pooler mounts that volume."""

    socket: str
    """The folder in which its socket is then."""

    connection: Mapping[str, pulumi.Input[str]]
    """How a command on the host connects, without user and database: variables as libpq reads them."""

    up: bool
    """Whether it runs: not while the stack is down."""

    provider: postgresql.Provider
    """Manages roles and databases on this server."""

    container: pulumi.CustomResource | None
    """The running server: what is inside waits for it and goes with it. None while the stack is down."""

    turned: pulumi.Resource | None
    """After a rotation of the admin's password what lets the new one in, else None."""

    def __init__(self, name: str, args: PostgresServerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("data-tier:postgres:PostgresServer", name, {}, opts)
        mine = pulumi.ResourceOptions(parent=self)
        stateful = args.lifecycle.stateful(mine)
        labels = args.labelled("postgres")
        admin = rotating(f"{name}-admin-password", args.settings.generation, args.lifecycle, mine)
        self.admin_password = admin.current
        called = args.settings.volume or f"{args.hostname}-data"
        data = args.platform.volume(f"{name}-data", called, labels, stateful, args.settings.storage)
        certificate = args.certificate(_UID)
        files, owned = (dict(certificate.files), dict(certificate.owned)) if certificate else ({}, {})
        archiving = _archiver.credentials(args.tls, args.backup, _UID)
        files |= {"postgres_admin": self.admin_password, **archiving.files}
        owned |= archiving.owned
        shared = members.shared(name, args.platform, args.group, args.labels, stateful)
        replication = members.replication(name, args.group, args.settings.generation, mine)
        if replication:
            files[PASSFILE], owned[PASSFILE] = replication.passfile, _UID
        secrets = args.platform.secret_files(f"{name}-secrets", args.hostname, files, mine, owned or None)
        self.sockets = shared or _sockets(name, args, mine)
        self.sockets_at, self.socket = (FOLDER, CURRENT) if args.group else (SOCKETS, SOCKETS)
        workload = container(f"{name}-container", args, _hba(args), (data, self.sockets), secrets, mine)
        self.container, self.address = workload.resource, args.address
        standby = _standby(name, args, shared, files, owned, mine)
        self.data = [data, *([standby.data] if standby else [])]
        there = present(self.container, standby.container if standby else None)
        ways = members.ways(name, _ways(args, shared), merged(mine, depends_on=there))
        self.hostname = pulumi.Output.from_input(args.hostname)  # not the container's: URLs needn't wait for it
        self.admin = args.settings.admin
        way = replace(args.way(PORT, args.settings.expose), by_address=args.group is not None)
        self.reach = reach(f"{name}-forwarder", way, ways or self.container, mine)
        self.reach = replace(self.reach, ready=self.reach.ready or ways)
        # not verify-full: the plugin takes the authority as a file's path only, which would have to be there, and the
        # same, in every checkout before the first connection; the way is host to container on one machine
        self.sslmode = "require" if args.tls else "disable"
        self.connection = {
            "PGHOST": self.reach.host,
            "PGPORT": str(self.reach.port),
            "PGSSLMODE": self.sslmode,  # as the provider: host to container on one machine
        }
        self.up = self.container is not None
        managed = Managed(
            kind="postgres",
            name=name,
            user=self.admin,
            passwords=admin,
            way=self.reach,
            container=self.container,
            certificate=certificate,
        )
        self.turned = managed.turned(mine)
        self.provider = self._manager(name, args, self.reach, mine)
        self.url_query = POSTGRES_QUERY if certificate else ""
        managed.reloaded(present(secrets.ready, self.container, self.turned, self.reach.ready), mine)
        if replication:
            replication.admit(self)
        self.register_outputs(
            {"hostname": self.hostname, "address": self.address, "admin_password": self.admin_password}
        )

    def _manager(
        self, name: str, args: PostgresServerArgs, way: Reach, mine: pulumi.ResourceOptions
    ) -> postgresql.Provider:
        return postgresql.Provider(
            f"{name}-provider",
            host=way.host,
            port=way.port,
            username=args.settings.admin,
            password=self.admin_password,
            database="postgres",
            superuser=True,
            sslmode=self.sslmode,
            opts=merged(mine, depends_on=present(self.container, way.ready, self.turned)),
        )


def _sockets(name: str, args: PostgresServerArgs, mine: pulumi.ResourceOptions) -> Stored | None:
    """Holds nothing: it isn't of the data tier, and goes with the last that shares it."""
    if not (args.pooler or args.backup):
        return None
    labels = {"data-tier.component": "socket", **args.labels}
    return args.platform.volume(f"{name}-socket", f"{args.hostname}-socket", labels, mine)


def _standby(
    name: str,
    args: PostgresServerArgs,
    shared: Stored | None,
    files: Mapping[str, pulumi.Input[str]],
    owned: Mapping[str, int],
    mine: pulumi.ResourceOptions,
) -> Standby | None:
    """The second member of a server that has members, with the secret `files` of the first."""
    if args.group is None or shared is None:
        return None
    asks = StandbyArgs(
        platform=args.platform,
        group=args.group,
        storage=args.settings.storage,
        shared=shared,
        labels=args.labelled("postgres"),
        secrets=lambda its, called, opts: args.platform.secret_files(its, called, files, opts, owned),
        workload=lambda its, number, volume, its_secrets, opts: container(
            its, args, _hba(args), (volume, shared), its_secrets, opts, number
        ),
    )
    return members.standby(f"{name}-standby", asks, mine)


def _ways(args: PostgresServerArgs, shared: Stored | None) -> WaysArgs | None:
    """The ways to the primary of a server with members: for apps, and for the host and who works for it."""
    if args.group is None or shared is None:
        return None
    exposed = [args.forwarder] if args.settings.expose and args.forwarder else []
    return WaysArgs(
        platform=args.platform,
        group=args.group,
        shared=shared,
        network=args.network,
        aliases=args.aliases,
        address=args.follower,
        host_address=args.address,
        host_sources=[args.gateway, args.watchdog, *exposed, *([args.exporter] if args.exporter else [])],
        connections=args.settings.connections or sizing.default_connections(args.settings.resources.memory),
        labels=args.labels,
    )


def _hba(args: PostgresServerArgs) -> str:
    """Static, and so with the watchdog's line before any app has limits to watch.

    With members the host, the watchdog and the exporter come by the way that takes nobody else.
    """
    group, exposed = args.group, args.forwarder if args.settings.expose else None
    watchdog = args.address if group else args.watchdog
    return pg_hba(
        admin=args.settings.admin,
        subnet=args.subnet,
        gateway=args.gateway,
        forwarder=args.address if group else exposed,
        pooler=args.pooler is not None,
        watchdog=watchdog if args.settings.watchdog.enabled else None,
        exporter=args.address if group and args.exporter else args.exporter,
        backup=args.backup is not None,
        tls=bool(args.tls),
        members=list(group.addresses.values()) if group else (),
    )
