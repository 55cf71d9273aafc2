"""What one shape of a stack consists of, and its sums. Pure; where it is read from belongs to `run`.

Sizes are bytes and cores. A kind is the `data-tier.component` label, so that a new kind of container is counted and
drawn without being known here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Final

from components.config import Place
from operate.stack import Stack

SERVICE: Final = "service"
DATA: Final = "data"
STORES: Final = ("mongo", "postgres", "redis")  # the servers themselves, without poolers, relays and watchdogs


@dataclass(frozen=True, kw_only=True)
class Port:
    """A port of a container that is reachable on `address` of the host."""

    host: int
    container: int
    address: str


@dataclass(frozen=True, kw_only=True)
class Network:
    """A network. `publish_only`: its containers can be published and can't talk to each other."""

    name: str
    tier: str
    app: str | None
    internal: bool
    publish_only: bool
    subnet: str | None


@dataclass(frozen=True, kw_only=True)
class Volume:
    """A data volume; `storage` is what it is meant to hold, None where the stack file says nothing about it."""

    name: str
    kind: str
    storage: int | None


@dataclass(frozen=True, kw_only=True)
class Container:
    """A container that runs all the time.

    `reservation` is memory that it keeps when the host runs short, 0 for none; `connections` is how many a PostgreSQL
    server takes, None for others.
    """

    name: str
    kind: str
    app: str | None
    tier: str
    image: str
    memory: int
    reservation: int
    cpu: float
    networks: tuple[str, ...]
    volumes: tuple[str, ...]
    published: tuple[Port, ...]
    connections: int | None = None

    @property
    def holds_data(self) -> bool:
        """Whether it belongs to the data tier: a server, or what leads to one."""
        return self.tier == DATA


@dataclass(frozen=True, kw_only=True)
class Totals:
    """Sums over containers. `storage` and `connections` are None where none of them has any."""

    containers: int
    memory: int
    reservation: int
    cpu: float
    storage: int | None
    connections: int | None
    published_ports: int
    data_ports: int


@dataclass(frozen=True, kw_only=True)
class Inventory:
    """Everything that `up` makes of a stack file in one shape; `stack` is what the stack would tell about itself."""

    shape: Place
    stack: Stack
    networks: tuple[Network, ...]
    containers: tuple[Container, ...]
    volumes: tuple[Volume, ...]

    @property
    def total(self) -> Totals:
        """The sums of the whole shape."""
        return self._totals(self.containers)

    @property
    def stores(self) -> Totals:
        """The sums of the data stores alone."""
        return self._totals(one for one in self.containers if one.kind in STORES)

    @property
    def by_kind(self) -> dict[str, Totals]:
        """The sums of each kind of container, by its name."""
        kinds = dict.fromkeys(one.kind for one in self.containers)
        return {kind: self._totals([one for one in self.containers if one.kind == kind]) for kind in sorted(kinds)}

    def storage_of(self, container: Container) -> int | None:
        """What the volumes of a container are meant to hold, in bytes."""
        return _sum(one.storage for one in self.volumes if one.name in container.volumes)

    def as_json(self) -> dict[str, Any]:
        """The shape as --json has it."""
        return {
            "total": asdict(self.total),
            "stores": asdict(self.stores),
            "by_kind": {kind: asdict(totals) for kind, totals in self.by_kind.items()},
            "networks": [asdict(network) for network in self.networks],
            "containers": [{**asdict(one), "storage": self.storage_of(one)} for one in self.containers],
            "volumes": [asdict(volume) for volume in self.volumes],
        }

    def _totals(self, containers: Iterable[Container]) -> Totals:
        its = list(containers)
        return Totals(
            containers=len(its),
            memory=sum(one.memory for one in its),
            reservation=sum(one.reservation for one in its),
            cpu=round(sum(one.cpu for one in its), 3),
            storage=_sum(self.storage_of(one) for one in its),
            connections=_sum(one.connections for one in its),
            published_ports=sum(len(one.published) for one in its),
            data_ports=sum(len(one.published) for one in its if one.holds_data),
        )


def _sum(values: Iterable[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None
