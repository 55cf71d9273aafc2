"""An app's own container: its networks, its published port and the files with its data URLs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import pulumi

from components.config import Service, Tier, TierName
from components.network import TieredNetwork
from components.platforms import Health, Join, Mount, Platform, Published, SecretFiles, WorkloadSpec, merged, present
from components.tls import CA_FILE, CA_PATH

_ADDRESSES: Final = {"loopback": "127.0.0.1", "public": "0.0.0.0"}  # noqa: S104 - public is the frontend's purpose
_SECRETS: Final = "/run/secrets"
_DEFAULT_PORT: Final = 8000


@dataclass(frozen=True, kw_only=True)
class AppServiceArgs:
    """What AppService is built from.

    `urls` are the data URLs by file name; each file is told to the app as a variable of the same name in capitals with
    `_FILE`, and so are `secrets`, by the variable's name. `ca` verifies the servers, None where they are spoken to in
    clear, `authorities` those outside of the stack, in files that only URLs name. `data_networks` are where the servers
    of these URLs are. `wait_for` are the resources without which the app can't work, `files_wait_for` those without
    which the URLs don't; `generation` is that of the URLs, `further` are the other apps whose databases are among them,
    and their generations, by variable. `stand_in` says that the probe runs in the app's place: it is told its port and
    asked for its health.
    """

    platform: Platform
    app: str
    settings: Service
    tiers: Mapping[TierName, Tier]
    networks: TieredNetwork
    hostname: str
    image: str
    stand_in: bool
    urls: Mapping[str, pulumi.Output[str]] = field(default_factory=dict)
    secrets: Mapping[str, pulumi.Output[str]] = field(default_factory=dict)
    authorities: Mapping[str, str] = field(default_factory=dict)
    ca: pulumi.Output[str] | None = None
    data_networks: Sequence[pulumi.Input[str]] = ()
    wait_for: Sequence[pulumi.Resource] = ()
    files_wait_for: Sequence[pulumi.Resource] = ()
    generation: int = 1
    further: Mapping[str, tuple[str, int]] = field(default_factory=dict)


class AppService(pulumi.ComponentResource):
    """An app on its tiers; with data URLs it is on the network of their servers too."""

    hostname: pulumi.Output[str]
    """The name that others on its networks connect to."""

    switched: list[pulumi.Resource]
    """After these the app has the URLs of its generation; for one that reads them at its start, it was restarted."""

    def __init__(self, name: str, args: AppServiceArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("data-tier:service:AppService", name, {}, opts)
        mine = pulumi.ResourceOptions(parent=self)
        brought = {secret.lower(): value for secret, value in args.secrets.items()}
        authorities = {file: pulumi.Output.from_input(text) for file, text in args.authorities.items()}
        files = {**args.urls, **brought, **authorities, **({CA_FILE: args.ca} if args.ca else {})}
        later = merged(mine, depends_on=list(args.files_wait_for)) if args.files_wait_for else mine
        secrets = _files(name, args, files, later) if files else None
        after = present(*args.wait_for, secrets.ready if secrets else None)
        workload = args.platform.workload(f"{name}-container", _spec(args, secrets), merged(mine, depends_on=after))
        self.hostname = workload.name
        self.switched = present(secrets.ready if secrets else None, workload.resource if _rereads_late(args) else None)
        self.register_outputs({"hostname": self.hostname})


def _files(
    name: str, args: AppServiceArgs, files: Mapping[str, pulumi.Output[str]], opts: pulumi.ResourceOptions
) -> SecretFiles:
    borrowed = [variable.lower() for variable in args.further]
    return args.platform.secret_files(f"{name}-secrets", args.hostname, files, opts, borrowed=borrowed)


def _spec(args: AppServiceArgs, secrets: SecretFiles | None) -> WorkloadSpec:
    settings = args.settings
    return WorkloadSpec(
        name=args.hostname,
        image=args.platform.image(args.image),
        env=_environment(args),
        joins=_joins(args),
        mounts=[Mount(volume=secrets.volume, path=_SECRETS, read_only=True)] if secrets else [],
        published=_published(settings, args.tiers[settings.home]),
        memory=settings.memory,
        reservation=settings.reservation,
        cpu=settings.cpu,
        cpu_weight=settings.cpu_weight,
        health=_health(settings) if args.stand_in else None,
        labels={
            "data-tier.app": args.app,
            "data-tier.component": "service",
            "data-tier.tier": settings.home,
            **_generations(args),
        },
        grace=10,
    )


def _rereads_late(args: AppServiceArgs) -> bool:
    """Whether the container is replaced by a rotation, because its app reads the files at its start only."""
    return bool(_generations(args))


def _generations(args: AppServiceArgs) -> dict[str, str]:
    """The labels by which a rotation replaces the container of an app that reads its files at its start only."""
    if args.settings.reads != "start" or not args.urls:
        return {}
    found = {"data-tier.generation": args.generation}
    found |= {f"data-tier.generation.{app}": number for app, number in args.further.values()}
    return {label: str(number) for label, number in found.items() if number > 1}


def _environment(args: AppServiceArgs) -> dict[str, str]:
    files = {f"{file.upper()}_FILE": f"{_SECRETS}/{file}" for file in [*args.urls, *map(str.lower, args.secrets)]}
    files |= {"CA_FILE": CA_PATH} if args.ca else {}
    told = {"PORT": str(_listens_on(args.settings)), "APP_NAME": args.app} if args.stand_in else {}
    return {**told, **args.settings.env, **files}


def _listens_on(settings: Service) -> int:
    return settings.port.container if settings.port else _DEFAULT_PORT


def _joins(args: AppServiceArgs) -> list[Join]:
    aliases = tuple(sorted({args.app, *args.settings.aliases}))
    joins = [Join(network=args.networks.names[tier], aliases=aliases) for tier in args.settings.all_tiers]
    joins += [Join(network=network) for network in args.data_networks]
    if args.settings.port and args.settings.home in args.networks.publish:
        joins.append(Join(network=args.networks.publish[args.settings.home]))
    return joins


def _published(settings: Service, home: Tier) -> list[Published]:
    if settings.port is None or home.publish is None:
        return []
    port, address = settings.port, _ADDRESSES[home.publish]
    return [Published(host=port.host, container=port.container, address=address)]


def _health(settings: Service) -> Health:
    return Health(command=["CMD", "probe", "--health", str(_listens_on(settings))], interval=5)
