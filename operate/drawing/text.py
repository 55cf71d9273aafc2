"""How wide a text is, without the font that will show it.

Widths are those of DejaVu Sans, one of the widest faces that a browser falls back to, so that a label that fits here
fits everywhere. A character that isn't listed counts as a whole em.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Final

_WIDTHS: Final = {
    0.29: "'ijl",
    0.36: " ,-./:;IJ\\f|·",
    0.42: "!()[]rt",
    0.53: '"*?_`sz',
    0.6: "FLPckvxy",
    0.64: "$0123456789ESTYabdeghnopqu{}",
    0.7: "ABCKRVXZ",
    0.79: "&DGHNOQU",
    0.85: "#+<=>^w~→",
}
_BOLD: Final = 1.16  # a bold face is so much wider, taken over a few letters
_ELLIPSIS: Final = "…"


def width(text: str, size: float, *, bold: bool = False) -> float:
    """The width of a line of text at most, in the units of `size`."""
    return round(sum(map(_em, text)) * size * (_BOLD if bold else 1), 1)


def fit(text: str, room: float, size: float, *, bold: bool = False) -> str:
    """`text`, or as much of it as `room` holds, with an ellipsis."""
    if width(text, size, bold=bold) <= room:
        return text
    for end in range(len(text) - 1, 0, -1):
        cut = text[:end].rstrip("-_. ") + _ELLIPSIS
        if width(cut, size, bold=bold) <= room:
            return cut
    return _ELLIPSIS


def first_that_fits(texts: Sequence[str], room: float, size: float, *, bold: bool = False) -> str:
    """The first of `texts` that `room` holds, or as much of the last one as it does."""
    whole = (text for text in texts if width(text, size, bold=bold) <= room)
    return next(whole, fit(texts[-1], room, size, bold=bold))


@cache
def _em(character: str) -> float:
    return next((em for em, characters in _WIDTHS.items() if character in characters), 1.0)
