"""The ways to the primary of a server with members: HAProxy, which a program beside its configuration leads.

Two of them. Apps know one by the server's name. The other has the server's address and takes the host alone, so that
the admin is let in from that one only, as from the host where there are no members: PostgreSQL sees who relays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pulumi

from components.naming import READ_PORT
from components.platforms import Health, Join, Mount, Platform, Stored, WorkloadSpec, merged, present
from components.postgres._members import FOLDER, Group

IMAGE: Final = "data-tier/haproxy:1"
_ROOT: Final = Path(__file__).resolve().parents[2]
_CONFIG, _LEADS = "/etc/data-tier/haproxy.cfg", "/etc/data-tier/follow.lua"
_MEMORY: Final = 48  # MiB, and 64 KiB for each session: two buffers of 16 KiB on either side
_KIBIBYTES: Final = 64


@dataclass(frozen=True, kw_only=True)
class FollowerArgs:
    """What Follower is built from: its container's name, its fixed address, and from whom it takes connections, all
    where there are none. `sessions` is how many at once.
    """

    platform: Platform
    group: Group
    shared: Stored
    name: str
    aliases: Sequence[str]
    network: pulumi.Input[str]
    address: str
    sessions: int
    sources: Sequence[str] = ()
    labels: Mapping[str, str]


class Follower(pulumi.ComponentResource):
    """A container that leads to the primary, whichever it is."""

    ready: pulumi.Resource | None
    """After which it leads there; None while the stack is down."""

    def __init__(self, name: str, args: FollowerArgs, opts: pulumi.ResourceOptions) -> None:
        # its options are those of a child: the component itself is one of the same parent
        super().__init__("data-tier:postgres:Follower", name, {}, pulumi.ResourceOptions(parent=opts.parent))
        after = merged(pulumi.ResourceOptions(parent=self), depends_on=opts.depends_on)
        self.ready = args.platform.workload(f"{name}-container", _spec(args), after).resource
        self.register_outputs({"name": args.name})


def _spec(args: FollowerArgs) -> WorkloadSpec:
    return WorkloadSpec(
        name=args.name,
        image=args.platform.image(IMAGE),
        command=["haproxy", "-db", "-f", _CONFIG],
        files={
            _CONFIG: config(args.group, args.sessions, args.sources),
            _LEADS: (_ROOT / "images/follower/follow.lua").read_text(encoding="utf-8"),
        },
        joins=[Join(network=args.network, aliases=args.aliases, address=args.address)],
        mounts=[Mount(volume=args.shared.name, path=FOLDER, read_only=True)],
        memory=_MEMORY + args.sessions * _KIBIBYTES // 1024,
        cpu=1,
        health=Health(command=["CMD", "grep", "-q", f":{args.group.port:04X} 00000000:0000 0A", "/proc/net/tcp"]),
        labels={"data-tier.component": "follower", "data-tier.tier": "data", **args.labels},
        grace=2,
    )


def config(group: Group, sessions: int, sources: Sequence[str] = ()) -> str:
    """haproxy.cfg. Who is led where is said while it runs: all members begin as disabled."""
    server = "".join(
        f"    server member-{number} {group.addresses[number]}:{group.port} disabled{{}}\n"
        for number in group.addresses
    )
    only = f"    tcp-request connection reject unless {{ src {' '.join(sources)} }}\n" if sources else ""
    return f"""\
global
    maxconn {sessions}
    lua-load {_LEADS}

defaults
    mode tcp
    timeout connect 3s
    timeout client 24d
    timeout server 24d
    option clitcpka
    option srvtcpka

frontend primary
    bind :{group.port}
{only}    default_backend primary

frontend standby
    bind :{READ_PORT}
{only}    use_backend standby if {{ nbsrv(standby) gt 0 }}
    default_backend primary

backend primary
{server.replace("{}", "")}
backend standby
{server.replace("{}", " check inter 1s fall 2 rise 1")}"""


@dataclass(frozen=True, kw_only=True)
class WaysArgs:
    """What the two ways to a primary are built from: that of apps, at `address`, and that of the host, at
    `host_address`, which takes nobody but `host_sources`. `connections` are the server's.
    """

    platform: Platform
    group: Group
    shared: Stored
    network: pulumi.Input[str]
    aliases: Sequence[str]
    address: str
    host_address: str
    host_sources: Sequence[str]
    connections: int
    labels: Mapping[str, str]


def ways(name: str, args: WaysArgs, mine: pulumi.ResourceOptions) -> pulumi.Resource | None:
    """The two; the resource after which both lead to the primary, None while the stack is down."""

    def way(
        its: str,
        called: str,
        address: str,
        aliases: Sequence[str],
        sources: Sequence[str],
        opts: pulumi.ResourceOptions,
    ) -> Follower:
        follower = FollowerArgs(
            platform=args.platform,
            group=args.group,
            shared=args.shared,
            name=called,
            aliases=aliases,
            network=args.network,
            address=address,
            sessions=2 * args.connections,  # to the primary and to the standby
            sources=sources,
            labels=args.labels,
        )
        return Follower(its, follower, opts)

    apps = way(f"{name}-follower", args.group.hostname, args.address, args.aliases, (), mine)
    after = merged(mine, depends_on=present(apps.ready))
    return way(f"{name}-host-way", args.group.host_way, args.host_address, (), args.host_sources, after).ready
