"""A way from an app's internal network to one server outside of the stack, and to nothing else.

Two containers with nothing but a TCP relay. The first stands on the app's network and answers there to the server's
own name, so that a client verifies the server as if it were connected to it; but whoever answers to a name is told his
own address for it, so the second one, which is on no network of apps, looks the name up and connects. TLS goes
through both of them unopened.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pulumi

from components.config.models import PROBE_IMAGE
from components.naming import outlet_name
from components.platforms import Health, Join, NetworkSpec, Platform, Workload, WorkloadSpec, merged, present

_MEMORY: Final = 32  # MiB, and one for each connection, which has a process of its own
_LISTENS: Final = "0A"  # the state in /proc/net/tcp


@dataclass(frozen=True, kw_only=True)
class OutletArgs:
    """What Outlet is built from: what the server is called, where it is connected to, and how many clients there are.

    `name` is the relay's own, `network` that of its clients.
    """

    platform: Platform
    name: str
    host: str
    address: str
    port: int
    connections: int
    network: pulumi.Input[str]
    labels: Mapping[str, str]


class Outlet(pulumi.ComponentResource):
    """Lets the clients on one network reach one server outside."""

    ready: pulumi.CustomResource | None
    """After it clients reach the server; None while the stack is down."""

    def __init__(self, name: str, args: OutletArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("data-tier:outlet:Outlet", name, {}, opts)
        mine, outside = pulumi.ResourceOptions(parent=self), outlet_name(args.name)
        labels = {"data-tier.component": "relay", **args.labels}
        network = args.platform.network(f"{name}-network", NetworkSpec(name=outside, labels=labels), mine)
        spec = _spec(args, outside, f"{args.address}:{args.port}", [Join(network=network)], labels)
        connecting = args.platform.workload(f"{name}-outside", spec, mine)
        joins = [Join(network=args.network, aliases=(args.host,)), Join(network=network)]
        relay = _relay(name, args, joins, labels, connecting, mine)
        self.ready = relay.resource
        self.register_outputs({})


def _relay(
    name: str,
    args: OutletArgs,
    joins: list[Join],
    labels: Mapping[str, str],
    connecting: Workload,
    mine: pulumi.ResourceOptions,
) -> Workload:
    spec = _spec(args, args.name, f"{outlet_name(args.name)}:{args.port}", joins, labels)
    return args.platform.workload(f"{name}-relay", spec, merged(mine, depends_on=present(connecting.resource)))


def _spec(args: OutletArgs, name: str, to: str, joins: list[Join], labels: Mapping[str, str]) -> WorkloadSpec:
    return WorkloadSpec(
        name=name,
        image=args.platform.image(PROBE_IMAGE),
        command=["socat", f"TCP4-LISTEN:{args.port},fork,reuseaddr,keepalive", f"TCP:{to},keepalive"],
        joins=joins,
        memory=_MEMORY + args.connections,
        cpu=0.5,
        health=_health(args.port),
        labels=labels,
        grace=2,
    )


def _health(port: int) -> Health:
    """By what the kernel says: a connection would go on to the server, whose log would tell of it for ever."""
    return Health(command=["CMD", "grep", "-q", f":{port:04X} 00000000:0000 {_LISTENS}", "/proc/net/tcp"], interval=5)
