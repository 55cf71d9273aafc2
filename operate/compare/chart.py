"""The comparison as a bar chart: a bar a shape for each figure, split by kind of container where it adds up so."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from components.config import Place
from operate import printing
from operate.compare.report import Comparison
from operate.declared import SHAPES, Inventory, Totals
from operate.drawing import Canvas, kind_class, width

_WIDTH: Final = 900
_MARGIN, _LABELS, _SHAPES, _VALUES = 20, 176, 64, 140
_BAR, _GAP, _BETWEEN = 15, 4, 16
_LEAST: Final = 1.5  # of a bar that stands for more than nothing
_TOP: Final = 96


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One shape's figure: parts by kind of container, and the whole as text. A part of no kind is ""."""

    parts: Mapping[str, float]
    text: str

    @property
    def value(self) -> float:
        """How long it is, in the figure's unit."""
        return sum(self.parts.values())


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A figure with a bar for each shape, `None` where a shape hasn't got it."""

    name: str
    bars: Mapping[Place, Bar | None]


def figures(comparison: Comparison) -> list[Figure]:
    """What the chart shows, from top to bottom."""
    shapes = comparison.shapes
    found = [
        _by_kind("containers", shapes, lambda one: one.containers, lambda value: f"{value:g}"),
        _figure("networks", shapes, lambda one: {"": len(one.networks)}, lambda value: f"{value:g}"),
        _by_kind("published ports", shapes, lambda one: one.published_ports, lambda value: f"{value:g}"),
        _by_kind("published data ports", shapes, lambda one: one.data_ports, lambda value: f"{value:g}"),
        _by_kind("memory limits", shapes, lambda one: one.memory, _bytes),
        _by_kind("memory reservations", shapes, lambda one: one.reservation, _bytes),
        _by_kind("CPU limits", shapes, lambda one: one.cpu, lambda value: f"{value:g}"),
        _by_kind("storage", shapes, lambda one: one.storage or 0, _bytes),
        _by_kind("PostgreSQL connections", shapes, lambda one: one.connections or 0, lambda value: f"{value:g}"),
    ]
    return [*found, *_in_use(comparison)]


def draw(comparison: Comparison) -> str:
    """An SVG document."""
    prefix = next(iter(comparison.shapes.values())).stack.prefix
    canvas = Canvas(_WIDTH, f"{prefix}: isolated and unified compared")
    canvas.text(_MARGIN, 30, f"{prefix}, isolated and unified compared", "ink", size=16, bold=True)
    told = "computed from what the stack file declares in either shape; memory in use is measured on what is up"
    canvas.text(_MARGIN, 48, told, "muted", size=11)
    _legend(canvas, sorted({one.kind for its in comparison.shapes.values() for one in its.containers}))
    y: float = _TOP
    for figure in figures(comparison):
        y = _draw(canvas, figure, y)
    return canvas.svg(y - _BETWEEN + _MARGIN)


def _legend(canvas: Canvas, kinds: Sequence[str]) -> None:
    x: float = _MARGIN
    for kind in kinds:
        canvas.rect(x, 62, 11, 11, kind_class(kind), radius=2)
        canvas.text(x + 16, 72, kind, "muted", size=11)
        x += 16 + width(kind, 11) + 18


def _draw(canvas: Canvas, figure: Figure, y: float) -> float:
    """One figure at `y`; where the next one begins."""
    longest = max([bar.value for bar in figure.bars.values() if bar], default=0)
    canvas.text(_MARGIN, y + 12, figure.name, "ink", size=12, bold=True)
    start, room = _MARGIN + _LABELS + _SHAPES, _WIDTH - 2 * _MARGIN - _LABELS - _SHAPES - _VALUES
    for shape, bar in figure.bars.items():
        canvas.text(start - 8, y + 12, shape, "muted", size=11, anchor="end")
        end: float = start
        for kind, part in (bar.parts if bar else {}).items():
            size = max(_LEAST, part / longest * room) if part else 0
            if size:
                canvas.rect(end, y, size, _BAR, kind_class(kind) if kind else "plain", radius=1)
            end += size
        canvas.text(end + 6, y + 12, bar.text if bar else "not up", "ink" if bar else "muted", size=11)
        y += _BAR + _GAP
    return y - _GAP + _BETWEEN


def _by_kind(
    name: str,
    shapes: Mapping[Place, Inventory],
    value: Callable[[Totals], float],
    text: Callable[[float], str],
) -> Figure:
    return _figure(name, shapes, lambda one: {kind: value(its) for kind, its in one.by_kind.items()}, text)


def _figure(
    name: str,
    shapes: Mapping[Place, Inventory],
    parts: Callable[[Inventory], Mapping[str, float]],
    text: Callable[[float], str],
) -> Figure:
    bars: dict[Place, Bar | None] = {}
    for shape in SHAPES:
        its = parts(shapes[shape])
        bars[shape] = Bar(parts=its, text=text(round(sum(its.values()), 3)))
    return Figure(name=name, bars=bars)


def _in_use(comparison: Comparison) -> list[Figure]:
    """Measured memory, where a container of either shape is up."""
    if not any(one.memory for one in comparison.measured.values()):
        return []
    return [Figure(name="memory in use now", bars={shape: _measured(comparison, shape) for shape in SHAPES})]


def _measured(comparison: Comparison, shape: Place) -> Bar | None:
    measured, inventory = comparison.measured[shape], comparison.shapes[shape]
    if not measured.memory:
        return None
    parts: dict[str, float] = measured.as_json(inventory)["by_kind"]
    up = "" if measured.whole else f" ({len(measured.memory)} of {len(inventory.containers)} up)"
    return Bar(parts=dict(sorted(parts.items())), text=printing.size(measured.total) + up)


def _bytes(value: float) -> str:
    return printing.short_size(int(value))
