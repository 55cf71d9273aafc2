"""The picture of a stack in one shape, or in both side by side: columns, services, ports and what stands below them.

What stands inside the fence, servers and what apps have on them, is drawn by `stores`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from operate.declared import Container, Inventory, Network
from operate.diagram import legend, stores
from operate.diagram.layout import MARGIN, SERVICE_HEIGHT, Layout, Place, layout
from operate.diagram.rows import Row, Table, table, via
from operate.drawing import Canvas, fit

_TINTS: Final = 3  # how many colours there are for tiers
_LOOPBACK: Final = "127."
_OUTSIDE: Final = "outside"  # a network that leads out of the stack belongs to no tier


def draw(inventories: Sequence[Inventory]) -> str:
    """An SVG document of one inventory, or of two shapes of the same stack."""
    its = table(inventories)
    at = layout(its)
    inventory = inventories[-1]
    canvas = Canvas(at.width, f"{inventory.stack.prefix}: networks, services and stores")
    _head(canvas, inventories)
    _columns(canvas, its, at)
    for span, one in zip(at.regions, inventories, strict=True):
        if len(inventories) > 1:
            canvas.text(span.start, at.top - 8, one.shape, "ink", size=12, bold=True)
    for region, groups in enumerate(its.regions):
        for group in groups:
            stores.fence(canvas, its, at, region, group)
    for row in its.rows:
        _row(canvas, inventories, its, at, row)
    for region, groups in enumerate(its.regions):
        for group in groups:
            stores.contents(canvas, its, at, region, group, inventory.stack.prefix)
    bottom = legend.draw(canvas, inventories, its.tiers, at.bottom + 26)
    return canvas.svg(bottom + MARGIN - 6)


def tint(tiers: Sequence[Network], network: Network) -> int:
    """The number of a tier's colour."""
    return [one.name for one in tiers].index(network.name) % _TINTS


def _head(canvas: Canvas, inventories: Sequence[Inventory]) -> None:
    shapes = " and ".join(one.shape for one in inventories)
    canvas.text(MARGIN, 30, f"{inventories[-1].stack.prefix}, {shapes}", "ink", size=16, bold=True)
    told = "; ".join(_summary(one, named=len(inventories) > 1) for one in inventories)
    canvas.text(MARGIN, 48, fit(told, canvas.width - 2 * MARGIN, 11), "muted", size=11)


def _summary(inventory: Inventory, *, named: bool) -> str:
    total = inventory.total
    counts = (total.containers, len(inventory.networks), total.published_ports)
    words = ("container", "network", "published port")
    told = [f"{count} {word}{'' if count == 1 else 's'}" for count, word in zip(counts, words, strict=True)]
    name = f"{inventory.shape}: " if named else ""
    return f"{name}{', '.join(told)}, {total.data_ports or 'none'} of them of data"


def _columns(canvas: Canvas, its: Table, at: Layout) -> None:
    top = at.top
    canvas.text(at.ports, top + 16, "host ports", "muted", size=11, anchor="end", bold=True)
    canvas.text(at.service.start, top + 16, "services", "muted", size=11, bold=True)
    for span, network in zip(at.tiers, its.tiers, strict=True):
        number = tint(its.tiers, network)
        told = f"{network.name} {network.subnet or ''}".strip()
        data = {"network": network.name}
        canvas.rect(span.start, top, span.size, at.bottom - top + 8, f"tier-{number}", told=told, data=data)
        name = fit(network.tier or _OUTSIDE, span.size - 4, 11, bold=True)
        canvas.text(span.middle, top + 16, name, "ink", size=11, anchor="middle", bold=True, told=told)
        reach = "internal" if network.internal else "routed"
        canvas.text(span.middle, top + 30, reach, "muted", size=10, anchor="middle")


def _row(canvas: Canvas, inventories: Sequence[Inventory], its: Table, at: Layout, row: Row) -> None:
    place = at.of(its, row)
    published = [one for one in (row.service, *(seat.container for seat in row.seats.values())) if one is not None]
    _port_names(canvas, at, place, published[0] if published else None)
    if row.service is not None:
        _ports(canvas, inventories[-1], its, at, place, row.service, at.service.start)
        _ways(canvas, its, at, place, row)
        _service(canvas, at, place, row.app or row.service.name, row.service)
        _uses(canvas, inventories[-1], at, place, row)
    elif row.app is not None:
        said = "kept, not served from here" if row.kept else "no service here"
        canvas.text(at.service.start + 9, place.middle - 2, _room(row.app, at), "ink", size=12, bold=True, told=row.app)
        canvas.text(at.service.start + 9, place.middle + 12, said, "muted", size=10)
    for region, seat in row.seats.items():
        if seat.container is not None:
            end = at.regions[region].start + stores.GUTTER
            _ports(canvas, inventories[region], its, at, place, seat.container, end)


def _uses(canvas: Canvas, inventory: Inventory, at: Layout, place: Place, row: Row) -> None:
    """Whose databases an app without stores of its own is given; for one with stores the legend tells it."""
    service = inventory.stack.services.get(row.app or "")
    if service and service.uses and not row.seats:
        text = f"uses {', '.join(dict.fromkeys(service.uses.values()))}: {', '.join(service.uses)}"
        span = at.regions[-1]
        words = fit(text, span.size - stores.GUTTER, 10)
        canvas.text(span.start + stores.GUTTER, place.middle + 4, words, "muted", size=10, told=text)


def _room(text: str, at: Layout) -> str:
    return fit(text, at.service.size - 16, 12, bold=True)


def _service(canvas: Canvas, at: Layout, place: Place, app: str, service: Container) -> None:
    told = f"{service.name}, image {service.image}" if service.image else service.name
    top = place.middle - SERVICE_HEIGHT / 2
    data = {"container": service.name}
    canvas.rect(at.service.start, top, at.service.size, SERVICE_HEIGHT, "box edge", told=told, data=data)
    canvas.text(at.service.start + 9, place.middle - 2, _room(app, at), "ink", size=12, bold=True, told=told)
    name = fit(service.name, at.service.size - 16, 10)
    canvas.text(at.service.start + 9, place.middle + 12, name, "muted", size=10, told=told)


def _port_names(canvas: Canvas, at: Layout, place: Place, container: Container | None) -> None:
    for number, port in enumerate(container.published if container else ()):
        near = port.address.startswith(_LOOPBACK)
        label, classes = f"{port.address}:{port.host}", "loopback" if near else "public"
        y, told = place.middle + 4 + number * 12, f"{label} to port {port.container}"
        canvas.text(at.ports, y, label, classes, size=11, anchor="end", bold=not near, told=told)


def _ports(
    canvas: Canvas, inventory: Inventory, its: Table, at: Layout, place: Place, container: Container, end: float
) -> None:
    """The way from the host's ports to a container; a ring where a publish network is between."""
    if not container.published:
        return
    canvas.arrow([(at.ports + 5, place.middle), (end, place.middle)])
    through = via(inventory, container)
    if through is not None:
        colours = [tint(its.tiers, tier) for tier in its.tiers if tier.tier == through.tier]
        colour = f"dot-{colours[0]}" if colours else "fence-ink"
        canvas.ring(at.ports + 14, place.middle, colour, told=f"through {through.name}")


def _ways(canvas: Canvas, its: Table, at: Layout, place: Place, row: Row) -> None:
    """The networks that a service is on: a line through all columns up to the last, a dot where it is."""
    service = row.service
    if service is None:
        return
    joined = [
        (span, network) for span, network in zip(at.tiers, its.tiers, strict=True) if network.name in service.networks
    ]
    regions = sorted(row.seats)
    ends = [span.middle for span, _ in joined] + [at.regions[region].start for region in regions[:1]]
    if ends:
        canvas.path([(at.service.end, place.middle), (max(ends), place.middle)])
    for region in regions[1:]:  # the same service in the other shape
        start = at.regions[region].start
        canvas.path([(at.regions[region - 1].end, place.middle), (start, place.middle)], "rule")
    for span, network in joined:
        told = f"{service.name} on {network.name}"
        canvas.dot(span.middle, place.middle, f"dot-{tint(its.tiers, network)}", radius=5, told=told)
