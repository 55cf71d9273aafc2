"""The comparison as a table for people and as a document for programs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Group
from rich.table import Table

from components.config import Place
from operate import printing
from operate.compare.measure import Measured
from operate.declared import SHAPES, STORES, Inventory, Totals

_NONE = "-"
_STORES = "all stores"


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Both shapes of a stack file; `topology` is the one that it asks for.

    `measured` is empty where no Docker daemon answers, which `note` says.
    """

    stack: str
    topology: Place
    shapes: Mapping[Place, Inventory]
    measured: Mapping[Place, Measured]
    note: str = ""

    def as_json(self) -> dict[str, Any]:
        """The document of --json; sizes in bytes, processors in cores."""
        return {
            "stack": self.stack,
            "topology": self.topology,
            "shapes": {
                shape: {
                    **inventory.as_json(),
                    "measured": self.measured[shape].as_json(inventory) if shape in self.measured else None,
                }
                for shape, inventory in self.shapes.items()
            },
            "note": self.note,
        }


@dataclass(frozen=True, kw_only=True)
class Line:
    """One figure of both shapes, as text, and how much more the isolated shape has."""

    name: str
    values: tuple[str, ...]
    more: str


def lines(comparison: Comparison) -> Iterator[Line]:
    """The figures of both shapes, from counts to what is measured."""
    shapes = [comparison.shapes[shape] for shape in SHAPES]
    totals = [one.total for one in shapes]
    yield _count("containers", [one.containers for one in totals])
    yield _count("networks", [len(one.networks) for one in shapes])
    yield _count("data volumes", [len(one.volumes) for one in shapes])
    yield _count("published ports", [one.published_ports for one in totals])
    yield _count("  of them data ports", [one.data_ports for one in totals])
    yield _bytes("memory limits", [one.memory for one in totals])
    yield _bytes("memory reservations", [one.reservation for one in totals])
    yield _cores("CPU limits", [one.cpu for one in totals])
    yield _bytes("storage", [one.storage for one in totals])
    yield _count("connections of PostgreSQL", [one.connections for one in totals])
    if comparison.measured:
        yield _measured([comparison.measured[shape] for shape in SHAPES], totals)


def render(comparison: Comparison) -> Group:
    """The comparison for people."""
    return Group(_shapes(comparison), _kinds(comparison), "", *_notes(comparison))


def _shapes(comparison: Comparison) -> Table:
    table = printing.table(f"{comparison.stack}, both shapes", "", *SHAPES, "isolated has more")
    for column in table.columns[1:]:
        column.justify = "right"
    for line in lines(comparison):
        table.add_row(line.name, *line.values, line.more)
    return table


def _kinds(comparison: Comparison) -> Table:
    table = printing.table(
        "\nBy kind", "kind", "shape", "containers", "memory", "CPU", "storage", "connections", "in use"
    )
    for column in table.columns[2:]:
        column.justify = "right"
    by_kind = {shape: comparison.shapes[shape].by_kind for shape in SHAPES}
    for kind in sorted({kind for its in by_kind.values() for kind in its}):
        for shape in SHAPES:
            if kind in by_kind[shape]:
                used = _in_use(comparison, shape, (kind,))
                table.add_row(kind, shape, *_cells(by_kind[shape][kind]), used)
    for shape in SHAPES:
        table.add_row(_STORES, shape, *_cells(comparison.shapes[shape].stores), _in_use(comparison, shape, STORES))
    return table


def _cells(totals: Totals) -> tuple[str, ...]:
    return (
        str(totals.containers),
        printing.short_size(totals.memory),
        f"{totals.cpu:g}",
        _size(totals.storage),
        _NONE if totals.connections is None else str(totals.connections),
    )


def _in_use(comparison: Comparison, shape: Place, kinds: Sequence[str]) -> str:
    measured = comparison.measured.get(shape)
    names = [one.name for one in comparison.shapes[shape].containers if one.kind in kinds]
    used = [measured.memory[name] for name in names if measured and name in measured.memory]
    if not used:
        return _NONE
    return printing.size(sum(used)) + ("" if len(used) == len(names) else f" ({len(used)} of {len(names)} up)")


def _notes(comparison: Comparison) -> Iterator[str]:
    yield f"The stack file asks for {comparison.topology}."
    if comparison.note:
        yield comparison.note
    for shape, measured in comparison.measured.items():
        if measured.not_up and measured.memory:
            yield f"{shape}: not up and not measured: {', '.join(measured.not_up)}"
        elif measured.not_up:
            yield f"{shape}: nothing of it is up"


def _measured(measured: list[Measured], totals: list[Totals]) -> Line:
    values = tuple(_used(one, of.containers) for one, of in zip(measured, totals, strict=True))
    more = measured[0].total - measured[1].total
    told = _signed(more, printing.size(abs(more))) if all(one.whole for one in measured) else _NONE
    return Line(name="memory in use now", values=values, more=told)


def _used(measured: Measured, containers: int) -> str:
    if not measured.memory:
        return _NONE
    return printing.size(measured.total) + ("" if measured.whole else f" ({len(measured.memory)} of {containers} up)")


def _count(name: str, values: list[int | None] | list[int]) -> Line:
    first, second = values
    more = _NONE if first is None or second is None else _signed(first - second, str(abs(first - second)))
    return Line(name=name, values=tuple(_NONE if one is None else str(one) for one in values), more=more)


def _cores(name: str, values: list[float]) -> Line:
    more = round(values[0] - values[1], 3)
    return Line(name=name, values=tuple(f"{one:g}" for one in values), more=_signed(more, f"{abs(more):g}"))


def _bytes(name: str, values: list[int | None] | list[int]) -> Line:
    first, second = values
    more = _NONE if first is None or second is None else _signed(first - second, _size(abs(first - second)))
    return Line(name=name, values=tuple(map(_size, values)), more=more)


def _signed(value: float, text: str) -> str:
    return text if value > 0 else f"-{text}" if value < 0 else "0"


def _size(value: int | None) -> str:
    return _NONE if value is None else printing.short_size(value)
