"""A line chart as SVG: times across, values up, a gap where nothing was measured. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from typing import Final

COLOURS: Final = 6
"""How many lines have a colour of their own; further ones begin anew with a dash."""
_WIDTH, _HEIGHT = 460.0, 170.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 52.0, 10.0, 10.0, 22.0
_LINES: Final = 4
_TIMES: Final = 4
_GAP: Final = 2.5  # steps without a value that a line isn't drawn over
_STEPS: Final = (1.0, 2.0, 2.5, 5.0, 10.0)
_LONG: Final = 1000  # from here on no digits behind the point
_UNITS: Final = ("B", "KiB", "MiB", "GiB", "TiB")

Points = Sequence[tuple[float, float]]


@dataclass(frozen=True, kw_only=True)
class Chart:
    """What is drawn: lines by name, from `begin` to `end` in seconds of Unix time, measured every `step` seconds.

    `unit` is "%" (of shares from 0 to 1), "B", "s", "/s" or nothing.
    """

    title: str
    unit: str
    begin: float
    end: float
    step: float
    lines: Mapping[str, Points]


def draw(chart: Chart) -> str:
    """The picture; its colours are the page's."""
    top = _ceiling(chart)
    parts = [*_scale(chart, top), *_times(chart)]
    for number, points in enumerate(chart.lines.values()):
        dashed = " again" if number >= COLOURS else ""
        for piece in _pieces(points, chart.step):
            steps = " ".join(
                f"{'M' if at == 0 else 'L'}{_x(chart, time):.1f} {_y(value, top):.1f}"
                for at, (time, value) in enumerate(piece)
            )
            parts.append(f'<path class="line s{number % COLOURS}{dashed}" d="{steps}"/>')
    label = escape(f"{chart.title}: {', '.join(chart.lines)}")
    return f'<svg viewBox="0 0 {_WIDTH:g} {_HEIGHT:g}" role="img" aria-label="{label}">{"".join(parts)}</svg>'


def shown(value: float, unit: str) -> str:
    """A value with its unit, short."""
    if unit == "%":
        return f"{value * 100:.3g} %" if value < 1 else f"{value * 100:.0f} %"
    if unit == "B":
        power = min(len(_UNITS) - 1, int(math.log(value, 1024))) if value >= 1 else 0
        return f"{value / 1024**power:.3g} {_UNITS[power]}"
    number = f"{value:.0f}" if abs(value) >= _LONG else f"{value:.3g}"
    return f"{number} {unit}".strip()


def _ceiling(chart: Chart) -> float:
    """The top of the scale: a round number that is divided into round ones; shares go to the whole."""
    values = [value for points in chart.lines.values() for _, value in points if math.isfinite(value)]
    most = max(values, default=0.0)
    if chart.unit == "%":
        return max(1.0, most)
    if chart.unit == "B":
        power = 1024.0 ** min(len(_UNITS) - 1, int(math.log(most, 1024))) if most >= 1 else 1.0
        return power * _round(most / power)
    return _round(most)


def _round(most: float) -> float:
    wanted = max(most, 1e-9) / _LINES
    base = float(10.0 ** math.floor(math.log10(wanted)))
    least = 1.0 if most <= _LINES and most == int(most) else 0.0
    return max(least, next(step * base for step in _STEPS if step * base >= wanted * 0.999)) * _LINES


def _scale(chart: Chart, top: float) -> Iterator[str]:
    for number in range(_LINES + 1):
        value = top * number / _LINES
        y = _y(value, top)
        yield f'<path class="grid" d="M{_LEFT:g} {y:.1f} L{_WIDTH - _RIGHT:g} {y:.1f}"/>'
        yield f'<text x="{_LEFT - 6:g}" y="{y + 3.5:.1f}" text-anchor="end">{escape(shown(value, chart.unit))}</text>'


def _times(chart: Chart) -> Iterator[str]:
    long = chart.end - chart.begin > 36 * 3600
    for number in range(_TIMES + 1):
        time = chart.begin + (chart.end - chart.begin) * number / _TIMES
        text = datetime.fromtimestamp(time, UTC).strftime("%d %b" if long else "%H:%M")
        anchor = "start" if number == 0 else "end" if number == _TIMES else "middle"
        yield f'<text x="{_x(chart, time):.1f}" y="{_HEIGHT - 6:g}" text-anchor="{anchor}">{text}</text>'


def _pieces(points: Points, step: float) -> Iterator[list[tuple[float, float]]]:
    """The stretches without a gap; a lone value becomes a short line, so that it is seen."""
    piece: list[tuple[float, float]] = []
    for time, value in points:
        broken = piece and time - piece[-1][0] > _GAP * step
        if broken or not math.isfinite(value):
            yield from _visible(piece, step)
            piece = []
        if math.isfinite(value):
            piece.append((time, value))
    yield from _visible(piece, step)


def _visible(piece: list[tuple[float, float]], step: float) -> Iterator[list[tuple[float, float]]]:
    if len(piece) == 1:
        (time, value) = piece[0]
        yield [(time - step / 2, value), (time, value)]
    elif piece:
        yield piece


def _x(chart: Chart, time: float) -> float:
    share = (time - chart.begin) / (chart.end - chart.begin)
    return _LEFT + (_WIDTH - _LEFT - _RIGHT) * min(1.0, max(0.0, share))


def _y(value: float, top: float) -> float:
    return _HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * min(1.0, max(0.0, value / top))
