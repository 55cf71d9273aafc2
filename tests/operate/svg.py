"""Reads an SVG as a test sees it: labels with the room that they take, and whether anything goes beyond the page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from xml.etree import ElementTree as ET

from operate.drawing import width

NAMESPACE = "{http://www.w3.org/2000/svg}"
_ASCENT, _DESCENT = 0.78, 0.22


@dataclass(frozen=True)
class Label:
    """A line of text and the box around it; `told` is what a pointer over it shows."""

    text: str
    told: str
    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Label) -> bool:
        """Whether the two boxes overlap."""
        across = self.left < other.right and other.left < self.right
        return across and self.top < other.bottom and other.top < self.bottom


class Picture:
    """A parsed picture."""

    def __init__(self, text: str) -> None:
        self.root = ET.fromstring(text)  # noqa: S314  our own text
        self.width, self.height = (float(part) for part in self.root.attrib["viewBox"].split()[2:])

    @property
    def labels(self) -> list[Label]:
        return [_label(element) for element in self.root.iter(f"{NAMESPACE}text")]

    def data(self, name: str) -> list[str]:
        """What programs find in the attribute `data-<name>`, as often as it is there."""
        return [value for element in self.root.iter() if (value := element.get(f"data-{name}")) is not None]

    def overlapping(self) -> list[tuple[str, str]]:
        """Labels that lie on each other."""
        return [(one.text, other.text) for one, other in combinations(self.labels, 2) if one.meets(other)]

    def outside(self) -> list[str]:
        """What isn't wholly on the page."""
        found = [one.text for one in self.labels if not self._holds(one.left, one.top, one.right, one.bottom)]
        return found + [str(box) for box in self._boxes() if not self._holds(*box)]

    def classes_without_colour(self) -> set[str]:
        """Classes that the style says nothing about, in light or in dark."""
        style = self.root.findtext(f"{NAMESPACE}style") or ""
        used = {name for element in self.root.iter() for name in element.get("class", "").split()}
        return {name for name in used if style.count(f".{name} {{") != 2}

    def _boxes(self) -> Iterator[tuple[float, float, float, float]]:
        for element in self.root.iter(f"{NAMESPACE}rect"):
            x, y = float(element.get("x", 0)), float(element.get("y", 0))
            yield x, y, x + float(element.attrib["width"]), y + float(element.attrib["height"])

    def _holds(self, left: float, top: float, right: float, bottom: float) -> bool:
        return left >= 0 and top >= 0 and right <= self.width and bottom <= self.height


def _label(element: ET.Element) -> Label:
    told = element.findtext(f"{NAMESPACE}title") or ""
    text = "".join(element.itertext()).removeprefix(told) if told else "".join(element.itertext())
    size, x, y = (float(element.attrib[name]) for name in ("font-size", "x", "y"))
    wide = width(text, size, bold="font-weight" in element.attrib)
    left = x - {"start": 0, "middle": wide / 2, "end": wide}[element.get("text-anchor", "start")]
    return Label(text, told, left, y - _ASCENT * size, left + wide, y + _DESCENT * size)
