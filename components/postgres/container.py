"""The container of a PostgreSQL server, or of one of its members: how PostgreSQL is started in it, with what.

What belongs to a server besides, and who may log in, is `server`'s to say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pulumi

from components import sizing
from components.platforms import (
    Health,
    Join,
    Mount,
    SecretFiles,
    Stored,
    Workload,
    WorkloadSpec,
    merged,
    present,
)
from components.postgres import _archiver
from components.postgres._hba import pg_ident
from components.postgres._members import FOLDER, WELL
from components.postgres._preloaded import preloaded
from components.tls import CERTIFICATE_PATH, KEY_PATH
from components.tuning import postgres as tuning

if TYPE_CHECKING:
    from components.postgres.server import PostgresServerArgs

PORT: Final = 5432
SOCKETS: Final = "/var/run/postgresql"
DATA: Final = "/var/lib/postgresql/data"
CLUSTER: Final = f"{DATA}/pgdata"
_HBA, _IDENT = "/etc/data-tier/pg_hba.conf", "/etc/data-tier/pg_ident.conf"
_CAPABILITIES: Final = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID")  # the entrypoint changes owner and user


def container(
    name: str,
    args: PostgresServerArgs,
    hba: str,
    volumes: tuple[Stored, Stored | None],
    secrets: SecretFiles,
    mine: pulumi.ResourceOptions,
    number: int = 1,
) -> Workload:
    """The server's container, or that of one of its members; `volumes` are its data and where its socket is."""
    volume, sockets = volumes
    group = args.group
    admin, resources = args.settings.admin, args.settings.resources
    spec = WorkloadSpec(
        name=group.name(number) if group else args.hostname,
        image=args.platform.image(f"data-tier/postgres:{args.major}"),
        command=[*(group.command if group else ()), "postgres", *_flags(args)],
        env={
            "POSTGRES_USER": admin,
            "POSTGRES_DB": "postgres",
            "POSTGRES_PASSWORD_FILE": "/run/secrets/postgres_admin",
            "POSTGRES_INITDB_ARGS": "--encoding=UTF8 --locale=C.UTF-8 --data-checksums",
            "PGDATA": CLUSTER,
            **(group.environment(number) if group else {}),
        },
        files={
            **(group.files if group else {}),
            _HBA: hba,
            _IDENT: pg_ident(admin=admin, backup=args.backup is not None),
            **_archiver.files(args.backup, CLUSTER),
        },
        joins=[_join(args, number)],
        mounts=[
            Mount(volume=volume.name, path=DATA),
            Mount(volume=secrets.volume, path="/run/secrets", read_only=True),
            *([Mount(volume=sockets.name, path=FOLDER if group else SOCKETS)] if sockets else []),
        ],
        memory=resources.memory,
        reservation=resources.reservation,
        cpu=resources.cpu,
        cpu_weight=resources.cpu_weight,
        shared_memory=sizing.shared_memory(resources.memory),
        health=Health(command=_health(args)),
        capabilities=_CAPABILITIES,
        labels=args.labelled("postgres"),
        stop_signal="SIGINT",  # fast shutdown; SIGTERM would wait for every client to leave
        grace=60,
    )
    return args.platform.workload(
        name,
        spec,
        merged(mine, depends_on=present(volume.resource, sockets.resource if sockets else None, secrets.ready)),
    )


def _join(args: PostgresServerArgs, number: int) -> Join:
    """Members are known by their containers' names: the server's own lead to the primary."""
    if args.group:
        return Join(network=args.network, address=args.group.addresses[number])
    return Join(network=args.network, aliases=args.aliases, address=args.address)


def _health(args: PostgresServerArgs) -> list[str]:
    """A member that copies the primary is as it should be, how long that takes is the size's to say; and so is one
    without data that another one is named for, whose login may be made only after all members are there.
    """
    ready = ["pg_isready", "-q", "-h", "127.0.0.1", "-p", str(PORT), "-U", args.settings.admin, "-d", "postgres"]
    return ["CMD-SHELL", f"{WELL} || {' '.join(ready)}"] if args.group else ["CMD", *ready]


def _flags(args: PostgresServerArgs) -> list[str]:
    fixed = {"hba_file": _HBA, "ident_file": _IDENT, "listen_addresses": "*", "password_encryption": "scram-sha-256"}
    if args.tls:
        fixed |= {"ssl": "on", "ssl_cert_file": CERTIFICATE_PATH, "ssl_key_file": KEY_PATH}
    return [
        part
        for key, value in {
            **fixed,
            **(args.group.parameters if args.group else {}),
            **preloaded(args.settings),
            **tuning.parameters(args.settings),
            **_archiver.parameters(args.settings.backed_up, args.backup),
        }.items()
        for part in ("-c", f"{key}={value}")
    ]
