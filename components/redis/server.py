"""A Redis server with numbered databases for several purposes: its volume, admin password and container.

The users of apps belong to `user`; whether several apps share the server is not known here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pulumi

from components import sizing
from components.config.models.redis import Persistence
from components.config.redis_servers import RedisServer
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
from components.tls import (
    CA_PATH,
    CERTIFICATE_PATH,
    KEY_PATH,
)

PORT: Final = 6379
_NUMBERS: Final = 16
_UID: Final = 999  # of the user redis in Debian's images
_CAPABILITIES: Final = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID")  # the entrypoint changes owner and user

_WRITES: Final[Mapping[Persistence, Mapping[str, str]]] = {
    "aof": {"appendonly": "yes", "appendfsync": "everysec"},
    "rdb": {"appendonly": "no", "save": "3600 1 300 100 60 10000"},
    "none": {"appendonly": "no", "save": '""'},  # Redis' own word for never; users are in their file all the same
}

# The admin comes from the secret file at every start; the users of apps stay as they were saved.
_START: Final = """\
umask 077
digest=$(printf %s "$(cat /run/secrets/redis_admin)" | sha256sum | cut -d ' ' -f 1)
touch /data/users.acl
{
  grep -v -e '^user admin ' -e '^user default ' /data/users.acl || true
  echo 'user default off'
  echo "user admin on #$digest ~* &* +@all"
} > /data/users.acl.new
mv /data/users.acl.new /data/users.acl
exec docker-entrypoint.sh redis-server "$@"
"""
_PING: Final = (
    'REDISCLI_AUTH="$(cat /run/secrets/redis_admin)" redis-cli{tls} -h 127.0.0.1 --user admin --no-auth-warning ping'
    " | grep -q PONG"
)


@dataclass(frozen=True, kw_only=True)
class RedisWithDbsArgs(ServerArgs):
    """What RedisWithDbs is built from."""

    settings: RedisServer


class RedisWithDbs(pulumi.ComponentResource):
    """A Redis server that answers on one network only, with a named purpose for each numbered database."""

    hostname: pulumi.Output[str]
    """The name that clients on its network connect to."""

    reach: Reach
    """How the host manages it."""

    databases: Mapping[str, int]
    """The number of each purpose."""

    admin_password: pulumi.Output[str]
    """The password of the user admin, secret."""

    ca: pulumi.Output[str] | None
    """What verifies the server, None where it takes connections in clear."""

    container: pulumi.CustomResource | None
    """The running server: its users go with it. None while the stack is down."""

    ready: Sequence[pulumi.Resource]
    """After these the server can be managed."""

    def __init__(self, name: str, args: RedisWithDbsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("data-tier:redis:RedisWithDbs", name, {}, opts)
        mine = pulumi.ResourceOptions(parent=self)
        stateful = args.lifecycle.stateful(mine)
        labels = args.labelled("redis")
        admin = rotating(f"{name}-admin-password", args.settings.generation, args.lifecycle, mine)
        self.admin_password = admin.current
        volume = args.platform.volume(f"{name}-data", args.settings.volume, labels, stateful, args.settings.storage)
        certificate = args.certificate(_UID)
        files, owned = (certificate.files, certificate.owned) if certificate else ({}, None)
        secrets = args.platform.secret_files(
            f"{name}-secrets", args.hostname, {"redis_admin": self.admin_password, **files}, mine, owned
        )
        workload = _container(name, args, volume, secrets, labels, mine)
        self.container = workload.resource
        self.hostname = pulumi.Output.from_input(args.hostname)  # not the container's: URLs needn't wait for it
        self.reach = reach(f"{name}-forwarder", args.way(PORT, args.settings.expose), self.container, mine)
        self.databases, self.ca = args.settings.databases, certificate.ca if certificate else None
        managed = Managed(
            kind="redis",
            name=name,
            user="admin",
            passwords=admin,
            way=self.reach,
            container=self.container,
            certificate=certificate,
        )
        self.ready = present(secrets.ready, self.container, self.reach.ready, managed.turned(mine))
        self.ready = present(managed.reloaded(self.ready, mine)) or self.ready
        self.register_outputs(
            {
                "hostname": self.hostname,
                "address": args.address,
                "databases": dict(self.databases),
                "admin_password": self.admin_password,
            }
        )


def _container(
    name: str,
    args: RedisWithDbsArgs,
    volume: Stored,
    secrets: SecretFiles,
    labels: dict[str, str],
    mine: pulumi.ResourceOptions,
) -> Workload:
    spec = WorkloadSpec(
        name=args.hostname,
        image=args.platform.image(f"data-tier/redis:{args.major}"),
        command=["sh", "-euc", _START, "redis", *_flags(args.settings, tls=bool(args.tls))],
        joins=[Join(network=args.network, aliases=args.aliases, address=args.address)],
        mounts=[
            Mount(volume=volume.name, path="/data"),
            Mount(volume=secrets.volume, path="/run/secrets", read_only=True),
        ],
        memory=args.settings.memory,
        reservation=args.settings.reservation,
        cpu=args.settings.cpu,
        cpu_weight=args.settings.cpu_weight,
        health=Health(command=["CMD-SHELL", _PING.format(tls=f" --tls --cacert {CA_PATH}" if args.tls else "")]),
        capabilities=_CAPABILITIES,
        labels=labels,
    )
    return args.platform.workload(
        f"{name}-container", spec, merged(mine, depends_on=present(volume.resource, secrets.ready))
    )


def _flags(settings: RedisServer, *, tls: bool) -> list[str]:
    flags = {
        "aclfile": "/data/users.acl",
        "dir": "/data",
        **_WRITES[settings.persistence],
        "databases": str(_NUMBERS),
        "maxmemory": f"{sizing.redis_data(settings.memory)}mb",
        "maxmemory-policy": settings.eviction,
        "protected-mode": "no",  # the default user is off and the network is internal
    }
    if tls:
        flags |= {"port": "0", "tls-port": str(PORT), "tls-auth-clients": "no"}
        flags |= {"tls-cert-file": CERTIFICATE_PATH, "tls-key-file": KEY_PATH}
    return [part for key, value in flags.items() for part in (f"--{key}", value)]
