"""The exporter beside one server: its logins there, its secret files, and its container on the network of Prometheus.

Owns how its two logins take turns, so that no scrape fails while its password changes; what it tells belongs to
`images.monitoring`, what it may do in Redis to `operate.exporter_users`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pulumi
import pulumi_command as command
import pulumi_postgresql as postgresql

from components import passwords
from components.monitoring.configuration import EXPORTER_PORT, Target
from components.naming import EXPORTER_LOGINS, exporter_name
from components.platforms import Health, Join, Mount, Platform, Workload, WorkloadSpec, merged, present
from components.postgres import PostgresServer
from components.postgres._inside import inside
from components.redis import RedisWithDbs
from components.rotation import Rotation, Slot
from components.tls import CA_FILE, CertificateAuthority

IMAGE: Final = "data-tier/monitoring:1"
ALIVE: Final = "[ -n \"$(find /dev/shm/alive -newermt '-60 seconds' 2>/dev/null)\" ]"
_ROOT: Final = Path(__file__).resolve().parents[2]
_FOLDER: Final = "/opt/data-tier"
_RUN: Final = ".venv/bin/python -m operate"  # relative to the project: state means the same in every checkout
_LOGIN_FILE: Final = "login"
_UID: Final = 997  # of the user monitoring in the image
_MEMORY: Final = 128  # MiB; 50 are used, twice 20 of them while one exporter follows another
_POWERS: Final = ("pg_monitor",)  # statistics and settings; reads no table and ends nobody
_RESOLVING: Final = "timeout:1 attempts:2"  # of 10 s: Docker knows no name of a server that is stopped
_CONNECTIONS: Final = 5  # its own, Debian's exporter's, and the ones before that the server hasn't missed yet


@dataclass(frozen=True, kw_only=True)
class ExporterArgs:
    """What Exporter is built from: the server with its key, and its network.

    `host` is the name by which it comes to the server, `address` its own fixed one there, None where Docker may choose,
    `monitoring` the network of Prometheus; it answers on none in `subnet`. `pooler` is the name of the one in front, of
    `processes`, `backup` that of the container that makes backups.
    """

    platform: Platform
    key: str
    server: PostgresServer | RedisWithDbs
    hostname: str
    host: str
    port: int
    generation: int
    network: pulumi.Input[str]
    subnet: str
    address: str | None
    monitoring: pulumi.Input[str]
    app: str | None = None
    tls: CertificateAuthority | None = None
    pooler: str | None = None
    pooler_port: int = 0
    processes: int = 0
    backup: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """Of the server."""
        return "postgres" if isinstance(self.server, PostgresServer) else "redis"


class Exporter(pulumi.ComponentResource):
    """Tells Prometheus about one server, and may do nothing else there."""

    target: Target
    """Who Prometheus asks."""

    def __init__(self, name: str, args: ExporterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("data-tier:monitoring:Exporter", name, {}, opts)
        mine, owner = pulumi.ResourceOptions(parent=self), exporter_name(args.hostname)
        rotation = Rotation(generation=args.generation)
        password, login = _login(name, args, rotation, rotation.current, self, ())
        text = pulumi.Output.format("{0}:{1}\n", EXPORTER_LOGINS[rotation.current], password)
        files = {_LOGIN_FILE: text, **({CA_FILE: args.tls.ca} if args.tls else {})}
        after = merged(mine, depends_on=present(login)) if rotation.turned else mine
        secrets = args.platform.secret_files(f"{name}-secrets", owner, files, after, {_LOGIN_FILE: _UID})
        ready = present(secrets.ready, login, args.server.container)
        spec = _spec(args, secrets.volume)
        made = args.platform.workload(f"{name}-container", spec, merged(mine, depends_on=ready))
        if rotation.turned:
            turned = _turned(name, owner, rotation, made, present(secrets.ready), mine)
            _login(name, args, rotation, rotation.former, self, present(turned))
        self.target = Target(
            address=f"{owner}:{EXPORTER_PORT}", server=args.key, kind=args.kind, name=args.hostname, app=args.app
        )
        self.register_outputs({"container": made.name})


def _login(
    name: str,
    args: ExporterArgs,
    rotation: Rotation,
    slot: Slot,
    parent: pulumi.Resource,
    after: Sequence[pulumi.Resource],
) -> tuple[pulumi.Output[str], pulumi.Resource | None]:
    """One of the two logins: open where it is the current one, and closed `after` that one serves."""
    keepers, mine = rotation.keepers(slot), pulumi.ResourceOptions(parent=parent)
    if isinstance(args.server, RedisWithDbs):
        password = passwords.generated(f"{name}-{slot}-password", mine, keepers)
        current = slot == rotation.current
        return password, _redis_user(
            f"{name}-{slot}-user", args.server, slot, password if current else None, mine, after
        )
    password, verifier = passwords.for_postgres(f"{name}-{slot}", mine, keepers)
    within = inside(args.server, parent)
    role = postgresql.Role(
        f"{name}-{slot}-role",
        name=EXPORTER_LOGINS[slot],
        login=slot == rotation.current,
        password=verifier,
        roles=list(_POWERS),
        connection_limit=_CONNECTIONS,
        opts=merged(within, depends_on=list(after)) if after else within,
    )
    return password, role


def _redis_user(
    name: str,
    server: RedisWithDbs,
    slot: Slot,
    password: pulumi.Output[str] | None,
    mine: pulumi.ResourceOptions,
    after: Sequence[pulumi.Resource],
) -> pulumi.Resource | None:
    """Set with a password, deleted without one."""
    if server.container is None:
        return None
    run = f"{_RUN}.exporter_users"
    bring = f"{run} set" if password is not None else f"{run} delete"
    return command.local.Command(
        name,
        create=bring,
        update=bring,
        delete=f"{run} delete",
        environment={
            "REDIS_HOST": server.reach.host,
            "REDIS_PORT": str(server.reach.port),
            "REDIS_ADMIN_PASSWORD": server.admin_password,
            "REDIS_EXPORTER": EXPORTER_LOGINS[slot],
            **({"REDIS_EXPORTER_PASSWORD": password} if password is not None else {}),
            **({"REDIS_CA": server.ca} if server.ca else {}),
        },
        opts=merged(mine, depends_on=[server.container, *server.ready, *after], deleted_with=server.container),
    )


def _turned(
    name: str,
    owner: str,
    rotation: Rotation,
    made: Workload,
    after: Sequence[pulumi.Resource],
    mine: pulumi.ResourceOptions,
) -> pulumi.Resource | None:
    """The wait until the exporter serves as its current login; None while the stack is down."""
    if made.resource is None:
        return None
    run = f"{_RUN}.monitoring turned"
    return command.local.Command(
        f"{name}-turned",
        create=run,
        update=run,
        environment={
            "EXPORTER_CONTAINER": owner,
            "EXPORTER_LOGIN": EXPORTER_LOGINS[rotation.current],
            "EXPORTER_GENERATION": str(rotation.generation),
        },
        opts=merged(mine, depends_on=[made.resource, *after], deleted_with=made.resource),
    )


def programs(*names: str) -> dict[str, str]:
    """The text of programs by their path in a container; the first is started, the others are its modules."""
    first, *modules = (f"images/monitoring/{one}.py" for one in names)
    modules.append("images/exposition.py")
    paths = {f"{_FOLDER}/{Path(first).name}": first, **{f"{_FOLDER}/{one}": one for one in modules}}
    return {path: (_ROOT / one).read_text(encoding="utf-8") for path, one in paths.items()}


def _spec(args: ExporterArgs, secrets: pulumi.Output[str]) -> WorkloadSpec:
    pooler = {
        "EXPORTER_POOLER": args.pooler or "",
        "EXPORTER_POOLER_PORT": str(args.pooler_port),
        "EXPORTER_POOLER_PROCESSES": str(args.processes),
    }
    return WorkloadSpec(
        name=exporter_name(args.hostname),
        image=args.platform.image(IMAGE),
        command=["python3", "-B", f"{_FOLDER}/exporter.py"],
        env={
            "EXPORTER_KIND": args.kind,
            "EXPORTER_HOST": args.host,
            "EXPORTER_PORT": str(args.port),
            "EXPORTER_APART": args.subnet,
            "RES_OPTIONS": _RESOLVING,
            **(pooler if args.pooler else {}),
            **({"EXPORTER_BACKUP": args.backup} if args.backup else {}),
        },
        files=programs("exporter", "looks", "replication"),
        joins=[Join(network=args.network, address=args.address), Join(network=args.monitoring)],
        mounts=[
            Mount(volume=secrets, path="/run/secrets", read_only=True),
        ],
        memory=_MEMORY,
        cpu=0.5,  # two exporters while one follows the other, and a scrape has to be answered meanwhile
        health=Health(command=["CMD-SHELL", ALIVE], interval=5, timeout=5),
        labels={"data-tier.component": "exporter", "data-tier.tier": "monitoring", **args.labels},
        grace=2,
    )
