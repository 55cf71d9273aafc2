"""PgBouncer in front of one PostgreSQL server: its container, the role and the function by which it looks up who logs
in, and the pool of each app.

Pools are written while it runs, so that a new app leaves the container alone. What the look-up returns belongs to
`operate.pooler`, which installs it; which apps are behind the pooler is not known here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import pulumi
import pulumi_command as command
import pulumi_postgresql as postgresql

from components import budget, passwords, sizing
from components.config import Pooler, Postgres
from components.naming import POOLER_AUTH, POOLER_PORT, RoleNames
from components.platforms import (
    Health,
    Join,
    Mount,
    Platform,
    SecretFiles,
    Stored,
    Workload,
    WorkloadSpec,
    merged,
    present,
)
from components.postgres import _pgbouncer as texts
from components.postgres._inside import as_admin, inside
from components.postgres.container import PORT
from components.postgres.server import PostgresServer
from components.rotation import Rotation
from components.tls import CertificateAuthority, ServerCertificate

IMAGE: Final = "data-tier/pgbouncer:1"
_UID: Final = 998  # of the user pgbouncer in the image
_RUN: Final = ".venv/bin/python -m operate.pooler"  # relative to the project, so that state is the same everywhere
_LOOK_UP_VERSION: Final = "1"  # raised when the function changes, so that it is installed again


@dataclass(frozen=True, kw_only=True)
class PgBouncerArgs:
    """What PgBouncer is built from. `hostname` is the container's name, `address` its fixed one in `subnet`.

    `pools` are the server connections of each database, set once `after` is there; `labels` are further ones. Without
    `tls` it takes connections in clear. It connects by the server's socket, which no network carries. From the address
    `exporter` its console can be read.
    """

    platform: Platform
    settings: Pooler
    server: PostgresServer
    server_settings: Postgres
    hostname: str
    aliases: tuple[str, ...]
    network: pulumi.Input[str]
    subnet: str
    gateway: str
    address: str
    pools: Mapping[str, int]
    after: Sequence[pulumi.Resource]
    exporter: str | None = None
    tls: CertificateAuthority | None = None
    labels: Mapping[str, str] = field(default_factory=dict)


class PgBouncer(pulumi.ComponentResource):
    """A pooler that lets in whom its server would let in, from the same network."""

    hostname: str
    """The name that clients on its network connect to."""

    address: str
    """Its fixed address."""

    settings: Pooler
    """Its mode and size."""

    console_password: pulumi.Output[str]
    """The password of its console, secret."""

    def __init__(self, name: str, args: PgBouncerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("data-tier:pooler:PgBouncer", name, {}, opts)
        mine = pulumi.ResourceOptions(parent=self)
        self.hostname, self.address, self.settings = args.hostname, args.address, args.settings
        labels = {"data-tier.component": "pgbouncer", "data-tier.tier": "data", **args.labels}

        keepers = Rotation(generation=args.server_settings.generation).keepers()
        # neither outlives the pooler: a new one sets new ones
        password, verifier = passwords.for_postgres(f"{name}-auth", mine, keepers)
        self.console_password, console = passwords.for_postgres(f"{name}-console", mine, keepers)
        role = _look_up(name, args, verifier, self)
        users = pulumi.Output.all(password, console).apply(lambda both: texts.users(*both))
        certificate = args.tls.issue([args.hostname, *args.aliases], [args.address], _UID) if args.tls else None
        files = {texts.USERS_FILE: users, **(certificate.files if certificate else {})}
        owned = {texts.USERS_FILE: _UID, **(certificate.owned if certificate else {})}
        later = merged(mine, depends_on=[role]) if keepers else mine
        secrets = args.platform.secret_files(f"{name}-secrets", args.hostname, files, later, owned)
        pools = args.platform.volume(f"{name}-pools", f"{args.hostname}-pools", labels, mine)
        workload = _container(name, args, pools, secrets, labels, mine)
        _set_pools(name, args, workload, mine)
        if certificate or keepers:
            _reload(name, args, certificate, workload, present(secrets.ready), mine)
        self.register_outputs(
            {"hostname": self.hostname, "address": self.address, "console_password": self.console_password}
        )


def _look_up(name: str, args: PgBouncerArgs, verifier: pulumi.Output[str], parent: pulumi.Resource) -> postgresql.Role:
    """The role that may ask for verifiers, and the one database with the one function that answers it."""
    within, container = inside(args.server, parent), args.server.container
    role = postgresql.Role(
        f"{name}-auth-role",
        name=POOLER_AUTH,
        login=True,
        password=verifier,
        connection_limit=budget.look_ups(args.settings.count),
        opts=within,
    )
    nologin = postgresql.Role(f"{name}-auth-owner", name=RoleNames(POOLER_AUTH).owner, login=False, opts=within)
    database = postgresql.Database(
        f"{name}-auth-database", name=POOLER_AUTH, owner=nologin.name, template="template0", opts=within
    )
    nobody = postgresql.Grant(
        f"{name}-auth-public-none",
        database=database.name,
        role="public",
        object_type="database",
        privileges=[],
        opts=within,
    )
    connect = postgresql.Grant(
        f"{name}-auth-connect",
        database=database.name,
        role=role.name,
        object_type="database",
        privileges=["CONNECT"],
        opts=merged(within, depends_on=[nobody]),
    )
    if container is not None:
        _install(
            name,
            args,
            pulumi.ResourceOptions(
                parent=parent, depends_on=[*present(args.server.reach.ready), connect], deleted_with=container
            ),
        )
    return role


def _install(name: str, args: PgBouncerArgs, opts: pulumi.ResourceOptions) -> None:
    command.local.Command(
        f"{name}-auth-function",
        create=f"{_RUN} look-up",
        update=f"{_RUN} look-up",
        environment={
            **as_admin(args.server, POOLER_AUTH),
            "POOLER_AUTH": POOLER_AUTH,
            "POOLER_LOOK_UP_VERSION": _LOOK_UP_VERSION,
        },
        opts=opts,
    )


def _container(
    name: str,
    args: PgBouncerArgs,
    pools: Stored,
    secrets: SecretFiles,
    labels: Mapping[str, str],
    mine: pulumi.ResourceOptions,
) -> Workload:
    server = args.server_settings
    connections = server.connections or sizing.default_connections(server.resources.memory)
    processes, sockets = texts.process_files(args.settings.count), args.server.sockets
    spec = WorkloadSpec(
        name=args.hostname,
        image=args.platform.image(IMAGE),
        command=list(processes),
        files={
            **processes,
            texts.CONFIG: texts.config(
                settings=args.settings,
                server=_socket(args),
                default_pool=sizing.default_pool(connections),
                tls=bool(args.tls),
                read=args.exporter is not None,
            ),
            texts.HBA: texts.hba(
                admin=server.admin,
                subnet=args.subnet,
                gateway=args.gateway,
                exporter=args.exporter,
                tls=bool(args.tls),
            ),
        },
        joins=[Join(network=args.network, aliases=args.aliases, address=args.address)],
        mounts=[
            Mount(volume=pools.name, path=texts.POOLS_FOLDER),
            Mount(volume=secrets.volume, path="/run/secrets", read_only=True),
            *([Mount(volume=sockets.name, path=args.server.sockets_at, read_only=True)] if sockets else []),
        ],
        memory=sizing.pooler_memory(args.settings.clients, args.settings.count),
        cpu=args.settings.cpu,
        health=Health(command=["CMD", "answers", str(POOLER_PORT)]),
        labels=labels,
        stop_signal="SIGINT",  # running transactions end; SIGTERM would wait for every client to leave
        grace=10,
    )
    return args.platform.workload(
        f"{name}-container", spec, merged(mine, depends_on=present(pools.resource, secrets.ready))
    )


def _socket(args: PgBouncerArgs) -> str:
    """The server in libpq's words; the socket's name has the port in it."""
    return f"host={args.server.socket} port={PORT}"


def _set_pools(name: str, args: PgBouncerArgs, workload: Workload, mine: pulumi.ResourceOptions) -> None:
    """After the databases, as their logins must take what a larger pool opens."""
    if workload.resource is None:
        return
    command.local.Command(
        f"{name}-pool-sizes",
        create=f"{_RUN} pools",
        update=f"{_RUN} pools",
        environment={
            "POOLER_CONTAINER": args.hostname,
            "POOLER_SERVER": _socket(args),
            "POOLER_PROCESSES": str(args.settings.count),
            "POOLER_POOLS": json.dumps(args.pools, sort_keys=True),
        },
        opts=merged(mine, depends_on=[workload.resource, *args.after], deleted_with=workload.resource),
    )


def _reload(
    name: str,
    args: PgBouncerArgs,
    certificate: ServerCertificate | None,
    workload: Workload,
    after: Sequence[pulumi.Resource],
    mine: pulumi.ResourceOptions,
) -> None:
    """After it every process shows the present certificate and uses the present passwords; runs whenever one is new."""
    if workload.resource is None:
        return
    command.local.Command(
        f"{name}-tls",
        create=f"{_RUN} reload",
        update=f"{_RUN} reload",
        environment={
            "POOLER_CONTAINER": args.hostname,
            "POOLER_FINGERPRINT": certificate.fingerprint if certificate else "",
            "POOLER_GENERATION": str(args.server_settings.generation),
        },
        opts=merged(mine, depends_on=[*after, workload.resource], deleted_with=workload.resource),
    )
