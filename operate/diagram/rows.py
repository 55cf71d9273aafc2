"""What stands beside what in the picture: a row an app, its stores in the row, the rows of a network together.

Pure: from inventories to rows. Where a row lies on the page belongs to `layout`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from operate.declared import Container, Inventory, Network
from operate.declared.inventory import DATA, SERVICE
from operate.stack import Server, Stack


@dataclass(frozen=True, kw_only=True)
class Slot:
    """What an app has on a server: the name of its database, or the numbers of its Redis databases."""

    server: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Seat:
    """What one region has in a row: slots of an app, or a further container of the network."""

    slots: tuple[Slot, ...] = ()
    container: Container | None = None


@dataclass(kw_only=True)
class Row:
    """An app with its service, or a further container; `seats` by region.

    `kept` says that an app's data is here while its service uses another place.
    """

    app: str | None
    service: Container | None = None
    kept: bool = False
    seats: dict[int, Seat] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Group:
    """Rows on one network with servers: `shared` by several apps, or an app's own."""

    network: Network
    servers: tuple[Container, ...]
    rows: tuple[Row, ...]

    @property
    def shared(self) -> bool:
        """Whether it is the data tier."""
        return self.network.app is None

    @property
    def app_rows(self) -> tuple[Row, ...]:
        """The rows of apps; those of further containers come after them."""
        return tuple(row for row in self.rows if row.app is not None)


@dataclass(frozen=True, kw_only=True)
class Table:
    """All rows from top to bottom, and for each region the groups that they form there."""

    rows: tuple[Row, ...]
    regions: tuple[tuple[Group, ...], ...]
    tiers: tuple[Network, ...]


def table(inventories: Sequence[Inventory]) -> Table:
    """The rows of one inventory, or of both shapes of a stack side by side; the last one says their order."""
    last = len(inventories) - 1
    rows: list[Row] = []
    regions: list[list[Group]] = [[] for _ in inventories]
    for network in _data_networks(inventories[last]):
        its = _rows(inventories[last], network, last)
        regions[last].append(_group(inventories[last], network, its))
        rows += its
    for region, inventory in enumerate(inventories[:last]):
        for network in _data_networks(inventory):
            joined = _joined(rows, _rows(inventory, network, region), region)
            regions[region].append(_group(inventory, network, joined))
    rows += _without_stores(inventories[last], {row.app for row in rows})
    return Table(rows=tuple(rows), regions=tuple(map(tuple, regions)), tiers=_tiers(inventories[last]))


def via(inventory: Inventory, container: Container) -> Network | None:
    """The network through which a container is published, None where it is published by its tier itself."""
    return next((one for one in inventory.networks if one.publish_only and one.name in container.networks), None)


def _joined(rows: list[Row], its: list[Row], region: int) -> list[Row]:
    """`its` rows put into those there are: an app's seat beside its other one, further containers right below."""
    found: list[Row] = []
    for row in its:
        there = next((one for one in rows if _same(one, row)), None)
        if there is not None:
            there.seats[region] = row.seats[region]
        else:
            rows.insert(rows.index(found[-1]) + 1 if found else len(rows), row)
        found.append(there or row)
    return found


def _same(one: Row, other: Row) -> bool:
    """Whether two rows are of one app, or of one further container that both shapes have."""
    if one.app is not None or other.app is not None:
        return one.app == other.app
    names = [{seat.container.name for seat in row.seats.values() if seat.container} for row in (one, other)]
    return bool(names[0] & names[1])


def _tiers(inventory: Inventory) -> tuple[Network, ...]:
    """The networks that are neither a server's nor only for publishing; what has a route outside comes first."""
    tiers = [one for one in inventory.networks if one.tier != DATA and not one.publish_only]
    return tuple(sorted(tiers, key=lambda network: network.internal))


def _data_networks(inventory: Inventory) -> list[Network]:
    return [one for one in inventory.networks if one.tier == DATA and not one.publish_only]


def _group(inventory: Inventory, network: Network, rows: Sequence[Row]) -> Group:
    return Group(network=network, servers=tuple(_servers(inventory, network)), rows=tuple(rows))


def _servers(inventory: Inventory, network: Network) -> list[Container]:
    """The containers on a network that the stack tells about as servers, or that answer for one outside; poolers and
    other relays aren't.
    """
    names = {server.name for server in inventory.stack.servers.values()}
    names |= {outside.relay for outside in inventory.stack.external_servers.values()}
    return [one for one in inventory.containers if network.name in one.networks and one.name in names]


def _rows(inventory: Inventory, network: Network, region: int) -> list[Row]:
    slots = _slots(inventory, network)
    services = {one.app: one for one in inventory.containers if one.kind == SERVICE}
    rows = []
    for app, its in slots.items():
        here = app in services and network.name in services[app].networks
        row = Row(app=app, service=services[app] if here else None, kept=app in services and not here)
        row.seats[region] = Seat(slots=tuple(its))
        rows.append(row)
    servers = {one.name for one in _servers(inventory, network)}
    others = [
        one
        for one in inventory.containers
        if network.name in one.networks and one.kind != SERVICE and one.name not in servers
    ]
    return [*rows, *(Row(app=None, seats={region: Seat(container=one)}) for one in others)]


def _slots(inventory: Inventory, network: Network) -> dict[str, list[Slot]]:
    """What each app has on the servers of a network, in the order of apps."""
    stack = inventory.stack
    found: dict[str, list[Slot]] = {}
    for app in stack.apps:
        for server in stack.servers.values():
            text = _text(stack, server, app)
            if server.network == network.name and text and stack.holds(server, app):
                found.setdefault(app, []).append(Slot(server=server.name, text=text))
    for outside in stack.external_servers.values():
        if outside.network == network.name:
            text = f"{stack.databases[outside.app].database} on {outside.where}"
            found.setdefault(outside.app, []).insert(0, Slot(server=outside.relay, text=text))
    return found


def _text(stack: Stack, server: Server, app: str) -> str:
    """What an app calls its own on a server, "" where it uses none of that kind."""
    if server.kind == "postgres":
        return stack.databases[app].database if app in stack.databases else ""
    if server.kind == "mongo":
        return stack.mongo_users[app].database if app in stack.mongo_users else ""
    purposes = stack.redis_users[app].purposes if app in stack.redis_users else {}
    here = stack.numbers_on(server, app)
    return ", ".join(f"{number} {purpose}" for purpose, number in purposes.items() if number in here)


def _without_stores(inventory: Inventory, placed: set[str | None]) -> list[Row]:
    """Services without stores of their own, and whatever else is on no network with servers."""
    data = {network.name for network in _data_networks(inventory)}
    services = [one for one in inventory.containers if one.kind == SERVICE and one.app not in placed]
    others = [one for one in inventory.containers if one.kind != SERVICE and not data.intersection(one.networks)]
    rows = [Row(app=one.app or one.name, service=one) for one in services]
    return [*rows, *(Row(app=one.kind, service=one) for one in others)]
