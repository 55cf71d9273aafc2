"""A picture in the making: rectangles, lines, dots and labels at places, written as SVG.

Every element has absolute coordinates, no groups and no transforms, so that a test can hold labels against each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal
from xml.sax.saxutils import escape, quoteattr

from operate.drawing.theme import style

Anchor = Literal["start", "middle", "end"]
_TIP: Final = 6  # length of an arrow's tip
_NOTHING: Final[Mapping[str, str]] = {}


class Canvas:
    """A picture of a fixed width; its height is known when everything is on it."""

    def __init__(self, width: float, title: str) -> None:
        self.width, self._title = width, title
        self._parts: list[str] = []

    def rect(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        classes: str,
        *,
        radius: float = 5,
        stroke: float = 1,
        told: str = "",
        data: Mapping[str, str] = _NOTHING,
    ) -> None:
        """A rectangle; `told` is what a pointer over it shows, `data` what programs find."""
        shape = {"x": _n(x), "y": _n(y), "width": _n(width), "height": _n(height), "rx": _n(radius)}
        self._add("rect", {**shape, **_stroke(classes, stroke), **_data(data)}, told)

    def text(
        self,
        x: float,
        y: float,
        text: str,
        classes: str,
        *,
        size: float = 12,
        anchor: Anchor = "start",
        bold: bool = False,
        told: str = "",
    ) -> None:
        """A line of text whose base is at `y`."""
        place = {"x": _n(x), "y": _n(y), "font-size": _n(size), "class": classes}
        if anchor != "start":
            place["text-anchor"] = anchor
        if bold:
            place["font-weight"] = "600"
        inner = (f"<title>{escape(told)}</title>" if told else "") + escape(text)
        self._parts.append(f"<text {_attributes(place)}>{inner}</text>")

    def dot(self, x: float, y: float, classes: str, *, radius: float = 4, told: str = "") -> None:
        """A filled circle."""
        self._add("circle", {"cx": _n(x), "cy": _n(y), "r": _n(radius), "class": classes}, told)

    def ring(self, x: float, y: float, classes: str, *, radius: float = 4, told: str = "") -> None:
        """A circle in a colour, open in the middle."""
        self.dot(x, y, classes, radius=radius, told=told)
        self.dot(x, y, "page", radius=radius - 2, told=told)

    def path(self, points: Sequence[tuple[float, float]], classes: str = "line", *, stroke: float = 1.2) -> None:
        """Straight lines from point to point."""
        steps = " ".join(f"{'M' if at == 0 else 'L'}{_n(x)} {_n(y)}" for at, (x, y) in enumerate(points))
        self._add("path", {"d": steps, "fill": "none", **_stroke(classes, stroke)}, "")

    def arrow(self, points: Sequence[tuple[float, float]], classes: str = "line", *, stroke: float = 1.2) -> None:
        """Straight lines whose last one goes to the right and ends in a tip."""
        x, y = points[-1]
        self.path([*points[:-1], (x - _TIP + 1, y)], classes, stroke=stroke)
        half = _TIP * 0.55
        corners = f"M{_n(x - _TIP)} {_n(y - half)} L{_n(x)} {_n(y)} L{_n(x - _TIP)} {_n(y + half)} Z"
        self._add("path", {"d": corners, "class": "tip"}, "")

    def svg(self, height: float) -> str:
        """The picture as a document."""
        frame = f'<rect width="{_n(self.width)}" height="{_n(height)}" rx="8" class="page"/>'
        body = "\n".join([frame, *self._parts])
        size = f'width="{_n(self.width)}" height="{_n(height)}" viewBox="0 0 {_n(self.width)} {_n(height)}"'
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">\n'
            f"<title>{escape(self._title)}</title>\n<style>\n{style(body)}\n</style>\n{body}\n</svg>\n"
        )

    def _add(self, name: str, attributes: Mapping[str, str], told: str) -> None:
        inner = f"><title>{escape(told)}</title></{name}>" if told else "/>"
        self._parts.append(f"<{name} {_attributes(attributes)}{inner}")


def _stroke(classes: str, stroke: float) -> dict[str, str]:
    lined = {"stroke-width": _n(stroke)} if {"rule", "line", "edge", "fence"} & set(classes.split()) else {}
    return {"class": classes, **lined}


def _data(data: Mapping[str, str]) -> dict[str, str]:
    return {f"data-{key}": value for key, value in data.items()}


def _attributes(attributes: Mapping[str, str]) -> str:
    return " ".join(f"{key}={quoteattr(value)}" for key, value in attributes.items())


def _n(value: float) -> str:
    """A number as short as it is exact enough for a screen."""
    return f"{round(value, 1):g}"
