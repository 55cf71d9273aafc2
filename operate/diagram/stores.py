"""What stands inside the fence: a network with its servers, and what each app has on them.

On the shared network a server is a tall box with one slot an app; on an app's own network a server is a small box.
"""

from __future__ import annotations

from typing import Final

from components.naming import short_name
from operate import printing
from operate.declared import Container
from operate.diagram.layout import Layout, Place, Span
from operate.diagram.rows import Group, Row, Slot, Table
from operate.drawing import Canvas, first_that_fits, fit, kind_class

GUTTER: Final = 16  # from the fence to the first server: lines branch there
_BETWEEN: Final = 12
_PADDING: Final = 8
_HALF: Final = 13  # of a slot's height
_BELOW_SHARED, _BELOW_OWN = 18, 20  # lines to a further server run so far below the row's own
_RELAY: Final = "relay"
_NAMES: Final = {"postgres": "PostgreSQL", "redis": "Redis", "mongo": "MongoDB"}


def fence(canvas: Canvas, its: Table, at: Layout, region: int, group: Group) -> None:
    """The network's border and name; what is drawn later lies on top."""
    if not group.rows:
        return
    span, rows, network = at.regions[region], at.around(its, group.rows), group.network
    top = at.top if group.shared else rows.start + 2
    end = rows.end + (6 if group.shared else -2)
    told = f"{network.name} {network.subnet or ''}: internal, no port of a container on it is published".strip()
    data = {"network": network.name}
    canvas.rect(span.start, top, span.size, end - top, "fenced fence", radius=7, stroke=2, told=told, data=data)
    name = " · ".join(filter(None, [network.name, network.subnet]))
    canvas.text(span.start + GUTTER, top + 15, fit(name, span.size - 24, 10), "fence-ink", size=10, told=told)


def contents(canvas: Canvas, its: Table, at: Layout, region: int, group: Group, prefix: str) -> None:
    """Servers with what apps have on them, and the further containers of the network."""
    columns = _columns(at.regions[region], group)
    if group.shared and group.app_rows:
        for server in group.servers:
            _shared_server(canvas, at.around(its, group.app_rows), columns[server.name], server, prefix)
    for row in group.rows:
        place, seat = at.of(its, row), row.seats[region]
        if seat.container is not None:
            _other(canvas, place, at.regions[region], seat.container)
        for number, slot in enumerate(seat.slots):
            server = next(one for one in group.servers if one.name == slot.server)
            x = columns[slot.server]
            box = Span(start=x.start + _PADDING, end=x.end - _PADDING) if group.shared else x
            first = number == 0 and slot.server == group.servers[0].name
            low = 0 if first else _BELOW_SHARED if group.shared else _BELOW_OWN
            if row.service is not None:
                _way(canvas, at.regions[region].start, box.start, place, low)
            if group.shared:
                _slot(canvas, place, box, server, slot)
            else:
                _own_server(canvas, place, box, server, slot)
        if seat.slots and row.service is not None:
            canvas.dot(at.regions[region].start, place.middle, "fence-ink", radius=5, told=_on(row, group))


def _on(row: Row, group: Group) -> str:
    return f"{row.service.name if row.service else row.app} on {group.network.name}"


def _columns(region: Span, group: Group) -> dict[str, Span]:
    """The server's columns; an only one is as wide as one of two, so that rows look alike."""
    count = max(2, len(group.servers))
    size = (region.size - GUTTER - 8 - _BETWEEN * (count - 1)) / count
    starts = [region.start + GUTTER + number * (size + _BETWEEN) for number in range(count)]
    kinds = [server.kind for server in group.servers]
    offset = 1 if not group.shared and kinds == ["redis"] else 0  # below the other apps' Redis
    return {
        server.name: Span(start=starts[number + offset], end=starts[number + offset] + size)
        for number, server in enumerate(group.servers)
    }


def _way(canvas: Canvas, start: float, end: float, place: Place, below: int) -> None:
    """From the fence to a slot: straight to the first server, `below` it to a further one."""
    y, low, turn = place.middle, place.middle + below, start + GUTTER / 2
    if below:
        canvas.arrow([(start, y), (turn, y), (turn, low), (end - 10, low), (end - 10, y), (end, y)])
    else:
        canvas.arrow([(start, y), (end, y)])


def _shared_server(canvas: Canvas, rows: Span, column: Span, server: Container, prefix: str) -> None:
    top = rows.start - 36
    told, room = _told(server), column.size - 2 * _PADDING
    soft = kind_class(server.kind, soft=True)
    data = {"container": server.name}
    canvas.rect(column.start, top, column.size, rows.end - top - 1, f"{soft} edge", told=told, data=data)
    canvas.rect(column.start, top, column.size, 4, kind_class(server.kind), radius=2)
    name = first_that_fits([server.name, short_name(prefix, server.name)], room, 11, bold=True)
    limits = first_that_fits(_limits(server), room, 10)
    canvas.text(column.start + _PADDING, top + 18, name, "ink", size=11, bold=True, told=told)
    canvas.text(column.start + _PADDING, top + 31, limits, "muted", size=10, told=told)


def _slot(canvas: Canvas, place: Place, box: Span, server: Container, slot: Slot) -> None:
    told = f"{slot.text} on {server.name}"
    canvas.rect(box.start, place.middle - _HALF, box.size, 2 * _HALF, "box edge", told=told, radius=4)
    text = fit(slot.text, box.size - 14, 11)
    canvas.text(box.start + _PADDING, place.middle + 4, text, "ink", size=11, told=told)


def _own_server(canvas: Canvas, place: Place, box: Span, server: Container, slot: Slot) -> None:
    told, top = f"{slot.text} on {_told(server)}", place.middle - _HALF - 2
    soft = kind_class(server.kind, soft=True)
    height, data = 2 * _HALF + 4, {"container": server.name}
    canvas.rect(box.start, top, box.size, height, f"{soft} edge", told=told, radius=4, data=data)
    canvas.rect(box.start, top, 4, height, kind_class(server.kind), radius=2)
    text, limits = fit(slot.text, box.size - 18, 11), first_that_fits(_limits(server), box.size - 18, 9)
    canvas.text(box.start + 11, place.middle - 2, text, "ink", size=11, told=told)
    canvas.text(box.start + 11, place.middle + 10, limits, "muted", size=9, told=told)


def _other(canvas: Canvas, place: Place, region: Span, container: Container) -> None:
    """A container that is no server: a relay, a pooler, whatever comes."""
    start, told = region.start + GUTTER, _told(container)
    size, soft, data = region.size - GUTTER - 8, kind_class(container.kind, soft=True), {"container": container.name}
    canvas.rect(start, place.middle - _HALF, size, 2 * _HALF, f"{soft} edge", told=told, radius=4, data=data)
    canvas.rect(start, place.middle - _HALF, 4, 2 * _HALF, kind_class(container.kind), radius=2)
    text = fit(f"{container.kind}: {container.name}", size - 18, 11)
    canvas.text(start + 11, place.middle + 4, text, "ink", size=11, told=told)


def _told(container: Container) -> str:
    limits = f"{printing.short_size(container.memory)}, {container.cpu:g} CPU"
    return f"{container.name}, {container.image or container.kind}, {limits}"


def _limits(server: Container) -> list[str]:
    """What a server is and may use, from all of it to its name alone."""
    memory = printing.short_size(server.memory)
    if server.kind == _RELAY:
        return [f"outside of the stack, through a relay of {memory}", "outside, through a relay", "outside"]
    major = server.image.rpartition(":")[2]
    name = " ".join(filter(None, [_NAMES.get(server.kind, server.kind), major]))
    return [f"{name} · {memory} · {server.cpu:g} CPU", f"{name} · {memory}", name]
