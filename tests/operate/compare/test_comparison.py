"""The comparison's figures, its document and its chart."""

from __future__ import annotations

import json
from collections.abc import Mapping
from io import StringIO

import pytest
from rich.console import Console

from operate import printing
from operate.compare import Comparison, Measured, draw, render
from operate.compare.report import lines
from operate.declared import Inventory
from tests.components.samples import small
from tests.operate.shapes import both
from tests.operate.svg import Picture

MEBIBYTE = 1024 * 1024


@pytest.fixture(scope="module")
def shapes() -> dict[str, Inventory]:
    return both(small())


def comparison(shapes: Mapping[str, Inventory], **up: int) -> Comparison:
    """With so many containers of a shape up, each using 10 MiB; nothing measured without a number."""
    measured = {}
    for shape, inventory in shapes.items():
        names = [one.name for one in inventory.containers]
        count = up.get(shape, 0)
        measured[shape] = Measured(memory=dict.fromkeys(names[:count], 10 * MEBIBYTE), not_up=tuple(names[count:]))
    return Comparison(stack="test", topology="unified", shapes=shapes, measured=measured if up else {}, note="a note")


def told(found: Comparison) -> str:
    text = StringIO()
    Console(width=160, file=text).print(render(found))
    return text.getvalue()


def test_each_figure_is_told_for_both_shapes_with_the_difference(shapes: dict[str, Inventory]) -> None:
    found = {line.name.strip(): (*line.values, line.more) for line in lines(comparison(shapes))}
    assert found == {
        "containers": ("8", "6", "2"),
        "networks": ("6", "4", "2"),
        "data volumes": ("4", "2", "2"),
        "published ports": ("4", "4", "0"),
        "of them data ports": ("0", "0", "0"),
        "memory limits": ("1664 MiB", "1344 MiB", "320 MiB"),
        "memory reservations": ("0 B", "0 B", "0"),
        "CPU limits": ("6", "4", "2"),
        "storage": ("40 GiB", "20 GiB", "20 GiB"),
        "connections of PostgreSQL": ("200", "100", "100"),
    }


def test_the_document_has_totals_of_each_shape_and_kind(shapes: dict[str, Inventory]) -> None:
    document = json.loads(json.dumps(comparison(shapes, unified=6).as_json()))
    unified = document["shapes"]["unified"]
    assert (unified["total"]["memory"], unified["total"]["cpu"]) == (1344 * MEBIBYTE, 4)
    assert set(unified["by_kind"]) == {"postgres", "redis", "service"}
    assert unified["by_kind"]["postgres"] == {
        "containers": 1,
        "memory": 256 * MEBIBYTE,
        "reservation": 0,
        "cpu": 1.0,
        "storage": 20 * 1024 * MEBIBYTE,
        "connections": 100,
        "published_ports": 0,
        "data_ports": 0,
    }
    assert unified["measured"]["by_kind"] == {
        "postgres": 10 * MEBIBYTE,
        "redis": 10 * MEBIBYTE,
        "service": 40 * MEBIBYTE,
    }
    assert document["shapes"]["isolated"]["measured"]["up"] == 0


def test_the_stores_are_summed_without_services(shapes: dict[str, Inventory]) -> None:
    for inventory in shapes.values():
        kinds, stores = inventory.by_kind, inventory.stores
        assert stores.memory == kinds["postgres"].memory + kinds["redis"].memory < inventory.total.memory
        assert stores.containers == kinds["postgres"].containers + kinds["redis"].containers
    rows = [line.split() for line in told(comparison(shapes)).splitlines() if line.startswith("all stores")]
    assert [row[2] for row in rows] == ["isolated", "unified"]


def test_what_is_not_up_is_said_and_not_counted_as_saved(shapes: dict[str, Inventory]) -> None:
    text = told(comparison(shapes, unified=5))
    assert "50.0 MiB (5 of 6 up)" in text
    assert "unified: not up and not measured: small-site" in text
    assert "isolated: nothing of it is up" in text
    used = next(line for line in lines(comparison(shapes, unified=6)) if line.name == "memory in use now")
    assert used.more == "-", "a difference needs both shapes up"


def test_with_both_shapes_up_the_difference_is_measured(shapes: dict[str, Inventory]) -> None:
    used = next(line for line in lines(comparison(shapes, unified=6, isolated=8)) if line.name == "memory in use now")
    assert (*used.values, used.more) == ("80.0 MiB", "60.0 MiB", "20.0 MiB")


def test_without_a_daemon_nothing_is_measured_and_the_note_says_so(shapes: dict[str, Inventory]) -> None:
    text = told(comparison(shapes))
    assert "memory in use" not in text
    assert "a note" in text
    assert comparison(shapes).as_json()["shapes"]["unified"]["measured"] is None


@pytest.mark.parametrize("up", [{}, {"unified": 6}, {"unified": 3, "isolated": 8}])
def test_the_chart_is_well_formed_and_nothing_overlaps(shapes: dict[str, Inventory], up: dict[str, int]) -> None:
    picture = Picture(draw(comparison(shapes, **up)))
    assert picture.overlapping() == []
    assert picture.outside() == []
    assert picture.classes_without_colour() == set()
    labels = [label.text for label in picture.labels]
    assert labels.count("isolated") == labels.count("unified") == (10 if up else 9)
    assert {"1664 MiB", "1344 MiB"} <= set(labels)


@pytest.mark.parametrize(
    ("mebibytes", "text"),
    [(0, "0 B"), (256, "256 MiB"), (2816, "2.75 GiB"), (1344, "1344 MiB"), (20 * 1024, "20 GiB"), (1024**2, "1 TiB")],
)
def test_sizes_are_told_exactly(mebibytes: int, text: str) -> None:
    assert printing.short_size(mebibytes * MEBIBYTE) == text
