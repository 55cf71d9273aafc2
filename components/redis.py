"""A Redis server with numbered databases for several purposes, and the users of apps on it.

Users are set while the server runs and kept in a file on its volume, so that a new app leaves the container alone.
What a user may do belongs to `operate.redis_users`, which sets it; whether several apps share the server is not known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import pulumi
import pulumi_command as command

from components import passwords, sizing
from components.config import Redis
from components.forwarder import ForwarderArgs, Reach, reach
from components.platforms import (
    Health,
    Join,
    Lifecycle,
    Mount,
    Platform,
    SecretFiles,
    Stored,
    Workload,
    WorkloadSpec,
    merged,
    present,
)
from components.rotation import Rotation, Slot
from components.tls import (
    CA_PATH,
    CERTIFICATE_PATH,
    KEY_PATH,
    REDIS_QUERY,
    CertificateAuthority,
    ReloadArgs,
    ServerCertificate,
    reloaded,
)

PORT: Final = 6379
_NUMBERS: Final = 16
_UID: Final = 999  # of the user redis in Debian's images
_CAPABILITIES: Final = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID")  # the entrypoint changes owner and user
_PYTHON: Final = ".venv/bin/python"  # relative to the project, so that state means the same in every checkout

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
_CLEAR_URL: Final = "redis://{0}:{1}@{2}:{3}/{4}"
_PING: Final = (
    'REDISCLI_AUTH="$(cat /run/secrets/redis_admin)" redis-cli{tls} -h 127.0.0.1 --user admin --no-auth-warning ping'
    " | grep -q PONG"
)


@dataclass(frozen=True, kw_only=True)
class RedisWithDbsArgs:
    """What RedisWithDbs is built from. `hostname` is the container's name, `labels` are further ones.

    Without `tls` it takes connections in clear.
    """

    platform: Platform
    lifecycle: Lifecycle
    settings: Redis
    major: int
    hostname: str
    aliases: tuple[str, ...]
    network: pulumi.Input[str]
    address: str
    forwarder: str
    tls: CertificateAuthority | None = None
    labels: Mapping[str, str] = field(default_factory=dict)


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
        labels = {
            "data-tier.component": "redis",
            "data-tier.tier": "data",
            "data-tier.major": str(args.major),
            **args.labels,
        }

        self.admin_password = passwords.generated(f"{name}-admin-password", stateful)
        volume = args.platform.volume(f"{name}-data", f"{args.hostname}-data", labels, stateful)
        certificate = _certificate(args)
        files, owned = (certificate.files, certificate.owned) if certificate else ({}, None)
        secrets = args.platform.secret_files(
            f"{name}-secrets", args.hostname, {"redis_admin": self.admin_password, **files}, mine, owned
        )
        workload = _container(name, args, volume, secrets, labels, mine)
        self.container = workload.resource
        self.hostname = pulumi.Output.from_input(args.hostname)  # not the container's: URLs needn't wait for it
        self.reach = reach(f"{name}-forwarder", _way(args), self.container, mine)
        self.databases, self.ca = args.settings.databases, certificate.ca if certificate else None
        self.ready = present(secrets.ready, self.container, self.reach.ready)
        if certificate and self.container:
            self.ready = [self._reloaded(name, certificate, mine)]
        self.register_outputs(
            {
                "hostname": self.hostname,
                "address": args.address,
                "databases": dict(self.databases),
                "admin_password": self.admin_password,
            }
        )

    def _reloaded(self, name: str, certificate: ServerCertificate, mine: pulumi.ResourceOptions) -> pulumi.Resource:
        args = ReloadArgs(
            kind="redis",
            certificate=certificate,
            way=self.reach,
            user="admin",
            password=self.admin_password,
            after=self.ready,
        )
        return reloaded(f"{name}-tls", args, mine)


def _certificate(args: RedisWithDbsArgs) -> ServerCertificate | None:
    return args.tls.issue([args.hostname, *args.aliases], [args.address], _UID) if args.tls else None


def _way(args: RedisWithDbsArgs) -> ForwarderArgs:
    return ForwarderArgs(
        platform=args.platform,
        server=args.hostname,
        address=args.address,
        port=PORT,
        expose=args.settings.expose,
        network=args.network,
        own=args.forwarder,
        labels=args.labels,
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
        command=["sh", "-euc", _START, "redis", *_flags(args.settings.memory, tls=bool(args.tls))],
        joins=[Join(network=args.network, aliases=args.aliases, address=args.address)],
        mounts=[
            Mount(volume=volume.name, path="/data"),
            Mount(volume=secrets.volume, path="/run/secrets", read_only=True),
        ],
        memory=args.settings.memory,
        cpu=1,
        health=Health(command=["CMD-SHELL", _PING.format(tls=f" --tls --cacert {CA_PATH}" if args.tls else "")]),
        capabilities=_CAPABILITIES,
        labels=labels,
    )
    return args.platform.workload(
        f"{name}-container", spec, merged(mine, depends_on=present(volume.resource, secrets.ready))
    )


def _flags(memory: int, *, tls: bool) -> list[str]:
    flags = {
        "aclfile": "/data/users.acl",
        "dir": "/data",
        "appendonly": "yes",
        "appendfsync": "everysec",
        "databases": str(_NUMBERS),
        "maxmemory": f"{sizing.redis_data(memory)}mb",
        "maxmemory-policy": "noeviction",  # queues and sessions share the server: losing a key is losing work
        "protected-mode": "no",  # the default user is off and the network is internal
    }
    if tls:
        flags |= {"port": "0", "tls-port": str(PORT), "tls-auth-clients": "no"}
        flags |= {"tls-cert-file": CERTIFICATE_PATH, "tls-key-file": KEY_PATH}
    return [part for key, value in flags.items() for part in (f"--{key}", value)]


@dataclass(frozen=True, kw_only=True)
class RedisUserArgs:
    """What RedisUser is built from: the app, and the purposes it may use, the main one first.

    Nobody logs in as a `locked` user; `keys_go` says that its keys are deleted with it.
    """

    server: RedisWithDbs
    lifecycle: Lifecycle
    app: str
    purposes: Sequence[str]
    locked: bool = False
    keys_go: bool = False
    rotation: Rotation = field(default_factory=Rotation)


class RedisUser(pulumi.ComponentResource):
    """An app's user on a server: its own keys by prefix, in its own numbers."""

    urls: Mapping[str, pulumi.Output[str]]
    """The URL with its password for each purpose, secret."""

    needed: list[pulumi.Resource]
    """What has to be there before the app can work."""

    opened: pulumi.Resource | None
    """After a rotation what lets the new password in: whoever is given the URLs waits for it. Else None."""

    def __init__(self, name: str, args: RedisUserArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("data-tier:redis:RedisUser", name, {}, opts)
        self._name, self._args = name, args
        password = self._password(args.rotation.current)
        numbers = {purpose: args.server.databases[purpose] for purpose in args.purposes}
        form = f"rediss://{{0}}:{{1}}@{{2}}:{{3}}/{{4}}{REDIS_QUERY}" if args.server.ca else _CLEAR_URL
        self.urls = {
            purpose: pulumi.Output.format(form, args.app, password, args.server.hostname, PORT, number)
            for purpose, number in numbers.items()
        }
        self._environment: dict[str, pulumi.Input[str]] = {
            "REDIS_HOST": args.server.reach.host,
            "REDIS_PORT": str(args.server.reach.port),
            "REDIS_ADMIN_PASSWORD": args.server.admin_password,
            "REDIS_APP": args.app,
            "REDIS_APP_PASSWORD": password,
            "REDIS_DATABASES": ",".join(str(number) for number in sorted(numbers.values())),
            **({"REDIS_CA": args.server.ca} if args.server.ca else {}),
        }
        acl = self._set_user()
        self.opened = acl if args.rotation.turned else None
        self.needed = present(acl) if args.rotation.turned else [self]
        self.register_outputs({"urls": self.urls})

    def close_former(self, after: Sequence[pulumi.Resource]) -> None:
        """Refuse the password of the generation before, once `after` have given the app its new URLs."""
        args, container = self._args, self._args.server.container
        if self.opened is None or container is None or args.locked or args.rotation.overlap:
            return
        run = f"{_PYTHON} -m operate.redis_users settle"
        opts = pulumi.ResourceOptions(parent=self, depends_on=[self.opened, *after], deleted_with=container)
        command.local.Command(
            f"{self._name}-acl-settled", create=run, update=run, environment=self._environment, opts=opts
        )

    def _password(self, slot: Slot) -> pulumi.Output[str]:
        keepers = self._args.rotation.keepers(slot)
        opts = self._args.lifecycle.replaceable(pulumi.ResourceOptions(parent=self), rotated=keepers is not None)
        name = f"{self._name}-password" if slot == "a" else f"{self._name}-password-{slot}"
        return passwords.generated(name, opts, keepers)

    def _set_user(self) -> command.local.Command | None:
        args, server = self._args, self._args.server
        former = {"REDIS_FORMER_PASSWORD": self._password(args.rotation.former)} if args.rotation.turned else {}
        if server.container is None:
            return None
        run = f"{_PYTHON} -m operate.redis_users"
        bring = f"{run} lock" if args.locked else f"{run} set"
        return command.local.Command(
            f"{self._name}-acl",
            create=bring,
            update=bring,
            delete=f"{run} purge" if args.keys_go else f"{run} delete",
            environment={**self._environment, **former},
            opts=pulumi.ResourceOptions(
                parent=self, depends_on=[server.container, *server.ready], deleted_with=server.container
            ),
        )
