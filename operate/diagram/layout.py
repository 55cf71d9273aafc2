"""Where everything of the picture lies: columns from the host's ports to the servers, rows from top to bottom.

Pure numbers. Widths follow from the number of tiers and regions, heights from what a row has to show.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from operate.diagram.rows import Group, Row, Table

MARGIN: Final = 20
HEAD: Final = 56  # title and subtitle
COLUMN_HEAD: Final = 56  # names of columns, of the data tier and of its servers
SERVICE_HEIGHT: Final = 34
_PORTS: Final = 96
_ARROW: Final = 34  # from a port to its service
_SERVICE: Final = 178
_TIER: Final = 62
_GAP: Final = 6
_BEFORE_REGION: Final = 18
_REGION: Final = 344
_REGION_OF_TWO: Final = 276
_FURTHER_SERVER: Final = 132
_REGION_HEAD: Final = 20  # the name of a shape above its region, where there are two
_SHARED_ROW, _OWN_ROW, _OTHER_ROW, _PLAIN_ROW = 42, 64, 34, 42
_OWN_MIDDLE: Final = 37  # below the name of the network


@dataclass(frozen=True, kw_only=True)
class Span:
    """From `start` to `end` on one axis."""

    start: float
    end: float

    @property
    def size(self) -> float:
        """How long it is."""
        return self.end - self.start

    @property
    def middle(self) -> float:
        """Half way."""
        return (self.start + self.end) / 2


@dataclass(frozen=True, kw_only=True)
class Place:
    """A row's place: from where to where, and the height at which its lines run."""

    span: Span
    middle: float


@dataclass(frozen=True, kw_only=True)
class Layout:
    """The page: columns begin at `top`, ports end at `ports`, tiers and regions go from left to right."""

    width: float
    top: float
    ports: float
    service: Span
    tiers: tuple[Span, ...]
    regions: tuple[Span, ...]
    rows: tuple[Place, ...]
    bottom: float

    def of(self, table: Table, row: Row) -> Place:
        """The place of a row."""
        return self.rows[next(at for at, one in enumerate(table.rows) if one is row)]

    def around(self, table: Table, rows: tuple[Row, ...]) -> Span:
        """From the top of the first of the rows to the bottom of the last."""
        spans = [self.of(table, row).span for row in rows]
        return Span(start=min(span.start for span in spans), end=max(span.end for span in spans))


def layout(table: Table) -> Layout:
    """The places of a table's rows and columns."""
    ports = MARGIN + _PORTS
    service = Span(start=ports + _ARROW, end=ports + _ARROW + _SERVICE)
    tiers, x = [], service.end + 14
    for _ in table.tiers:
        tiers.append(Span(start=x, end=x + _TIER))
        x += _TIER + _GAP
    regions, x = [], x - _GAP + _BEFORE_REGION
    for groups in table.regions:
        size = _region(groups, alone=len(table.regions) == 1)
        regions.append(Span(start=x, end=x + size))
        x += size + _BEFORE_REGION
    top = HEAD + 6 + (_REGION_HEAD if len(table.regions) > 1 else 0)
    rows = _rows(table, top + COLUMN_HEAD)
    return Layout(
        width=x - _BEFORE_REGION + MARGIN,
        top=top,
        ports=ports,
        service=service,
        tiers=tuple(tiers),
        regions=tuple(regions),
        rows=tuple(rows),
        bottom=rows[-1].span.end if rows else top + COLUMN_HEAD,
    )


def _region(groups: tuple[Group, ...], *, alone: bool) -> float:
    """A region's width: as usual for two servers on a network, more for more."""
    most = max((len(group.servers) for group in groups), default=0)
    return (_REGION if alone else _REGION_OF_TWO) + max(0, most - 2) * _FURTHER_SERVER


def _rows(table: Table, y: float) -> list[Place]:
    places: list[Place] = []
    for row in table.rows:
        own = any(not group.shared and _has(group, row) for groups in table.regions for group in groups)
        height, middle = _height(row, own=own)
        y += _gap(table, row) if places else 0
        places.append(Place(span=Span(start=y, end=y + height), middle=y + middle))
        y += height
    return places


def _height(row: Row, *, own: bool) -> tuple[float, float]:
    """A row's height, and where its line runs."""
    if row.app is None:
        return _OTHER_ROW, _OTHER_ROW / 2
    if own:
        return _OWN_ROW, _OWN_MIDDLE
    height = _SHARED_ROW if row.seats else _PLAIN_ROW
    return height, height / 2 - 2


def _gap(table: Table, row: Row) -> float:
    """A little air below the shared servers, and before the apps without stores."""
    before = table.rows[[one is row for one in table.rows].index(True) - 1]
    shared = [group for groups in table.regions for group in groups if group.shared]
    leaves = any(_has(group, before) and not _has(group, row) for group in shared)
    return 12 if leaves or (before.seats and not row.seats) else 0


def _has(group: Group, row: Row) -> bool:
    return any(one is row for one in group.rows)
