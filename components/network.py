"""The networks of a stack: one for each tier, one through which each internal tier is published, apps' own ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network

import pulumi

from components.config import Tier, TierName
from components.naming import own_network, publish_network, tier_network
from components.platforms import NetworkSpec, Platform

_SHARED_SERVERS = 10
_OWN_SERVERS = 2
# Beside the addresses that count from the first server's. An app's own network, of 16 addresses, has none left in its
# lower half: its last one serves.
_SHARED_MONGO, _OWN_MONGO = 8, -2
_PURPOSES = 32  # two addresses for each of 16 numbers: up to 63, the lower half of the smallest subnet with room


@dataclass(frozen=True, kw_only=True)
class DataAddresses:
    """The fixed addresses on a network with servers, `first` being that of PostgreSQL in its subnet.

    Fixed, because a provider whose host comes from a container's output shows every database object as changed when
    the container is replaced. `handed_out` is the upper half, from which Docker gives the others theirs.
    """

    subnet: IPv4Network
    first: int = _SHARED_SERVERS

    @classmethod
    def own(cls, subnet: IPv4Network) -> DataAddresses:
        """Those on an app's own network."""
        return cls(subnet=subnet, first=_OWN_SERVERS)

    @property
    def gateway(self) -> str:
        """The host's own address, from which the database objects are managed."""
        return str(self.subnet[1])

    @property
    def postgres(self) -> str:
        """The address of the PostgreSQL server."""
        return str(self.subnet[self.first])

    @property
    def redis(self) -> str:
        """The address of the Redis server."""
        return str(self.subnet[self.first + 1])

    @property
    def mongo(self) -> str:
        """The address of the MongoDB server; a relay that leads to it has none of its own.

        On an app's own network it is in the range that is handed out, at its end: Docker hands out the first address
        that is free, and the range has seven for the app's container and few others.
        """
        return str(self.subnet[_SHARED_MONGO if self.first == _SHARED_SERVERS else _OWN_MONGO])

    @property
    def postgres_forwarder(self) -> str:
        """The address of the relay that leads to PostgreSQL, where there is one."""
        return str(self.subnet[self.first + 2])

    @property
    def redis_forwarder(self) -> str:
        """The address of the relay that leads to Redis, where there is one."""
        return str(self.subnet[self.first + 3])

    def purpose(self, number: int) -> str:
        """The address of the Redis server of the purpose with this number: it moves for no other purpose's sake."""
        return str(self.subnet[_PURPOSES + 2 * number])

    def purpose_forwarder(self, number: int) -> str:
        """The address of the relay that leads to that server, where there is one."""
        return str(self.subnet[_PURPOSES + 2 * number + 1])

    @property
    def pooler(self) -> str:
        """The address of the pooler in front of PostgreSQL, where there is one."""
        return str(self.subnet[self.first + 4])

    @property
    def watchdog(self) -> str:
        """The address of PostgreSQL's watchdog, where there is one."""
        return str(self.subnet[self.first + 5])

    def member(self, number: int) -> str:
        """The address of a member of PostgreSQL, where it has members; its own one leads to the primary then."""
        return str(self.subnet[self.first + {1: 8, 2: 7}[number]])

    @property
    def follower(self) -> str:
        """The address by which apps come to the primary, where PostgreSQL has members; they know it by its name."""
        return str(self.subnet[self.first + 11])

    @property
    def postgres_exporter(self) -> str:
        """The address of the exporter of PostgreSQL, where there is one."""
        return str(self.subnet[self.first + 9])

    @property
    def redis_exporter(self) -> str:
        """The address of the exporter of Redis, where there is one; those of single purposes have none of their own."""
        return str(self.subnet[self.first + 10])

    @property
    def handed_out(self) -> str:
        """The range of addresses for everybody else."""
        return str(list(self.subnet.subnets())[1])


@dataclass(frozen=True, kw_only=True)
class TieredNetworkArgs:
    """What TieredNetwork is built from."""

    platform: Platform
    prefix: str
    tiers: Mapping[TierName, Tier]


class TieredNetwork(pulumi.ComponentResource):
    """Tiers as networks: what isn't on a tier can't reach it."""

    names: Mapping[str, pulumi.Output[str]]
    """The network's name for each tier."""

    publish: Mapping[str, pulumi.Output[str]]
    """For each internal tier that publishes: the network that its published services join too."""

    def __init__(self, name: str, args: TieredNetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("data-tier:network:TieredNetwork", name, {}, opts)
        mine = pulumi.ResourceOptions(parent=self)
        self.names = {
            tier: args.platform.network(f"{name}-{tier}", _tier_spec(args.prefix, tier, its), mine)
            for tier, its in sorted(args.tiers.items(), key=lambda entry: entry[1].subnet is None)
        }
        self.publish = {
            tier: args.platform.network(f"{name}-{tier}-publish", _publish_spec(args.prefix, tier), mine)
            for tier, its in args.tiers.items()
            if its.internal and its.publish
        }
        self.register_outputs({"names": self.names, "publish": self.publish})


@dataclass(frozen=True, kw_only=True)
class AppNetworkArgs:
    """What AppNetwork is built from."""

    platform: Platform
    prefix: str
    app: str
    addresses: DataAddresses


class AppNetwork(pulumi.ComponentResource):
    """The network of one app and its own servers: internal, and nobody else's."""

    network: pulumi.Output[str]
    """The network's name."""

    def __init__(self, name: str, args: AppNetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("data-tier:network:AppNetwork", name, {}, opts)
        spec = NetworkSpec(
            name=own_network(args.prefix, args.app),
            internal=True,
            subnet=str(args.addresses.subnet),
            gateway=args.addresses.gateway,
            handed_out=args.addresses.handed_out,
            labels={"data-tier.app": args.app, "data-tier.tier": "data"},
        )
        self.network = args.platform.network(f"{name}-data", spec, pulumi.ResourceOptions(parent=self))
        self.register_outputs({"network": self.network})


def _tier_spec(prefix: str, tier: str, its: Tier) -> NetworkSpec:
    addresses = DataAddresses(subnet=its.subnet) if its.subnet else None
    return NetworkSpec(
        name=tier_network(prefix, tier),
        internal=its.internal,
        subnet=str(its.subnet) if its.subnet else None,
        gateway=addresses.gateway if addresses else None,
        handed_out=addresses.handed_out if addresses else None,
        labels={"data-tier.tier": tier},
    )


def _publish_spec(prefix: str, tier: str) -> NetworkSpec:
    """A container on internal networks only can't be published: its ports would stay closed."""
    return NetworkSpec(name=publish_network(prefix, tier), publish_only=True, labels={"data-tier.tier": tier})
