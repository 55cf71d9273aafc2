"""Text of others inside Markdown: nothing in it may end a span or a fence, mention a person or hide what follows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

_LONGEST: Final = 500  # characters of one cell or name
_USERINFO: Final = re.compile(r"(?<=://)\S+@")


def span(text: str) -> str:
    """A name as code."""
    return f"`{_line(text).replace('`', chr(39)).replace('|', '¦')}`"


def cell(text: str) -> str:
    """A sentence as it stands in a table or list: Markdown's and HTML's own signs have no meaning in it."""
    escaped = re.sub(r"([\\`*_\[\]|~#])", r"\\\1", _line(text))
    return escaped.replace("&", "&amp;").replace("<", "&lt;").replace("@", "&#64;")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """The lines of a table; cells are Markdown already."""
    made = [head, ["---"] * len(head), *rows]
    return [f"| {' | '.join(row)} |" for row in made]


def fenced(text: str, longest: int) -> list[str]:
    """The lines of a block shown as it is, without names and passwords in URLs; the rest of a long one is cut."""
    text = _USERINFO.sub("[hidden]@", text)
    shown = text if len(text) <= longest else f"{text[:longest]}\n... {len(text) - longest} characters more"
    runs = [len(run) for run in re.findall(r"`+", shown)]
    fence = "`" * max(3, 1 + max(runs, default=0))
    return [f"{fence}text", shown, fence]


def _line(text: str) -> str:
    text = " ".join(_USERINFO.sub("[hidden]@", text).split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
