"""One MongoDB server without a replica set: its volume, admin password and container.

The users of apps belong to `user`; whether several apps share the server is not known here, nor whether the image has
MongoDB in it or what stands in for it: both keep the official image's contract.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pulumi

from components import sizing
from components.config import Mongo
from components.forwarder import Reach, reach
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
from components.rotating import rotating
from components.store_server import Managed, ServerArgs
from components.tls import CA_FILE, CA_PATH, ServerCertificate

PORT: Final = 27017
_UID: Final = 999  # of the user mongodb in the official image
_PEM: Final = "tls.pem"
_CAPABILITIES: Final = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID")  # the entrypoint changes owner and user


@dataclass(frozen=True, kw_only=True)
class MongoServerArgs(ServerArgs):
    """What MongoServer is built from."""

    settings: Mongo


class MongoServer(pulumi.ComponentResource):
    """A MongoDB server that answers on one network only, and nobody without a password."""

    hostname: pulumi.Output[str]
    """The name that clients on its network connect to."""

    reach: Reach
    """How the host manages it."""

    admin: str
    """The user that manages it, who logs in through the database admin."""

    admin_password: pulumi.Output[str]
    """The admin's password, secret."""

    ca: pulumi.Output[str] | None
    """What verifies the server, None where it takes connections in clear."""

    container: pulumi.CustomResource | None
    """The running server: its users go with it. None while the stack is down."""

    ready: Sequence[pulumi.Resource]
    """After these the server can be managed."""

    def __init__(self, name: str, args: MongoServerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("data-tier:mongo:MongoServer", name, {}, opts)
        mine = pulumi.ResourceOptions(parent=self)
        stateful = args.lifecycle.stateful(mine)
        labels = args.labelled("mongo")
        admin = rotating(f"{name}-admin-password", args.settings.generation, args.lifecycle, mine)
        self.admin, self.admin_password = args.settings.admin, admin.current
        called = args.settings.volume or f"{args.hostname}-data"
        volume = args.platform.volume(f"{name}-data", called, labels, stateful, args.settings.storage)
        certificate = args.certificate(_UID)
        secrets = args.platform.secret_files(
            f"{name}-secrets",
            args.hostname,
            {"mongo_admin": self.admin_password, **(_files(certificate) if certificate else {})},
            mine,
            {_PEM: _UID} if certificate else None,
        )
        self.container = _container(name, args, volume, secrets, labels, mine).resource
        self.hostname = pulumi.Output.from_input(args.hostname)  # not the container's: URLs needn't wait for it
        self.reach = reach(f"{name}-forwarder", args.way(PORT, args.settings.expose), self.container, mine)
        self.ca = certificate.ca if certificate else None
        managed = Managed(
            kind="mongo",
            name=name,
            user=self.admin,
            passwords=admin,
            way=self.reach,
            container=self.container,
            certificate=certificate,
        )
        self.ready = present(secrets.ready, self.container, self.reach.ready, managed.turned(mine))
        self.ready = present(managed.reloaded(self.ready, mine)) or self.ready
        self.register_outputs(
            {"hostname": self.hostname, "address": args.address, "admin_password": self.admin_password}
        )


def _files(certificate: ServerCertificate) -> dict[str, pulumi.Output[str]]:
    """As mongod takes them: certificate and key in one file."""
    both = pulumi.Output.all(certificate.files["tls.crt"], certificate.files["tls.key"])
    return {CA_FILE: certificate.ca, _PEM: both.apply("".join)}


def _container(
    name: str,
    args: MongoServerArgs,
    volume: Stored,
    secrets: SecretFiles,
    labels: dict[str, str],
    mine: pulumi.ResourceOptions,
) -> Workload:
    spec = WorkloadSpec(
        name=args.hostname,
        image=args.platform.image(f"data-tier/mongo:{args.major}"),
        command=["mongod", *_flags(args.settings.resources.memory, tls=bool(args.tls))],
        env={
            "MONGO_INITDB_ROOT_USERNAME": args.settings.admin,
            "MONGO_INITDB_ROOT_PASSWORD_FILE": "/run/secrets/mongo_admin",
        },
        joins=[Join(network=args.network, aliases=args.aliases, address=args.address)],
        mounts=[
            Mount(volume=volume.name, path="/data/db"),
            Mount(volume=secrets.volume, path="/run/secrets", read_only=True),
        ],
        memory=args.settings.resources.memory,
        reservation=args.settings.resources.reservation,
        cpu=args.settings.resources.cpu,
        cpu_weight=args.settings.resources.cpu_weight,
        health=Health(command=["CMD", "answers"], timeout=5),
        capabilities=_CAPABILITIES,
        labels=labels,
        grace=60,  # a checkpoint of what is in the cache
    )
    return args.platform.workload(
        f"{name}-container", spec, merged(mine, depends_on=present(volume.resource, secrets.ready))
    )


def _flags(memory: int, *, tls: bool) -> list[str]:
    flags = ["--auth", "--bind_ip_all", "--quiet", "--wiredTigerCacheSizeGB", sizing.mongo_cache(memory)]
    if tls:
        flags += ["--tlsMode", "requireTLS", "--tlsCertificateKeyFile", f"/run/secrets/{_PEM}", "--tlsCAFile", CA_PATH]
        flags += ["--tlsAllowConnectionsWithoutCertificates"]  # clients log in with a password
    return flags
