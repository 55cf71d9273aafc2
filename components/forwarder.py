"""A way from the host's loopback to one server, where the server's own address can't be reached from the host.

That is so on Docker Desktop, on rootless and on remote daemons; elsewhere it serves people who develop on the host. The
server itself never leaves its internal network: a container with nothing but a TCP relay stands on that network and on
one of its own, from which a port is published on 127.0.0.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pulumi

from components.config.models import PROBE_IMAGE
from components.platforms import Health, Join, NetworkSpec, Platform, Published, WorkloadSpec, merged, present

LOOPBACK: Final = "127.0.0.1"
_MEMORY: Final = 32  # MiB; a process for each connection, each with a small buffer


@dataclass(frozen=True, kw_only=True)
class Reach:
    """How the host connects to a server: by its address, or through a forwarder that has to be `ready` first."""

    host: str
    port: int
    ready: pulumi.Resource | None = None


@dataclass(frozen=True, kw_only=True)
class ForwarderArgs:
    """What Forwarder is built from: the server's name, address and port, and the loopback port that leads to it.

    It leads to the name, or to the address where `by_address`. `network` is the server's; the forwarder's own fixed
    address there, `own`, lets the server tell it from apps: None for a server that doesn't ask for it.
    `expose` is None where the host connects by the server's address.
    """

    platform: Platform
    server: str
    address: str
    port: int
    expose: int | None
    network: pulumi.Input[str]
    own: str | None
    labels: Mapping[str, str]
    by_address: bool = False


def reach(name: str, args: ForwarderArgs, after: pulumi.Resource | None, opts: pulumi.ResourceOptions) -> Reach:
    """How the host connects to a server: through a forwarder, made `after` the server, where one is asked for."""
    if args.expose is None:
        return Reach(host=args.address, port=args.port)
    return Forwarder(name, args, args.expose, after, opts).reach


class Forwarder(pulumi.ComponentResource):
    """A loopback port of the host that leads to one server."""

    reach: Reach
    """How the host connects to the server."""

    def __init__(
        self,
        name: str,
        args: ForwarderArgs,
        port: int,
        after: pulumi.Resource | None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("data-tier:forwarder:Forwarder", name, {}, opts)
        mine = pulumi.ResourceOptions(parent=self)
        labels = {"data-tier.component": "forwarder", "data-tier.tier": "data", **args.labels}
        outside = NetworkSpec(name=f"{args.server}-loopback", publish_only=True, labels=labels)
        network = args.platform.network(f"{name}-network", outside, mine)
        spec = _spec(args, port, network, labels)
        workload = args.platform.workload(f"{name}-container", spec, merged(mine, depends_on=present(after)))
        self.reach = Reach(host=LOOPBACK, port=port, ready=workload.resource)
        self.register_outputs({"port": port})


def _spec(args: ForwarderArgs, port: int, network: pulumi.Output[str], labels: Mapping[str, str]) -> WorkloadSpec:
    return WorkloadSpec(
        name=f"{args.server}-loopback",
        image=args.platform.image(PROBE_IMAGE),
        command=[
            "socat",
            f"TCP-LISTEN:{port},fork,reuseaddr",
            f"TCP:{args.address if args.by_address else args.server}:{args.port}",
        ],
        joins=[Join(network=args.network, address=args.own), Join(network=network)],
        published=[Published(host=port, container=port, address=LOOPBACK)],
        memory=_MEMORY,
        cpu=0.5,
        health=Health(command=["CMD", "socat", "-u", "OPEN:/dev/null", f"TCP:{LOOPBACK}:{port}"], interval=5),
        labels=labels,
        grace=2,
    )
