"""How commands speak: tables for people, one JSON document with --json, progress beside it.

Colours only on a terminal and not with NO_COLOR (rich sees to both).
"""

from __future__ import annotations

import json
import sys
from typing import Any

from rich.console import Console
from rich.table import Table

_WIDTH_OF_A_LOG = 160  # a log has no width: nothing is cut there
_UNIT = 1024
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")


def console(*, error: bool = False) -> Console:
    """A console on standard output, or on standard error."""
    stream = sys.stderr if error else sys.stdout
    return Console(stderr=error, highlight=False, width=None if stream.isatty() else _WIDTH_OF_A_LOG)


def table(title: str, *columns: str) -> Table:
    """A table without lines, its title on the left."""
    made = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in columns:
        made.add_column(column, overflow="fold")
    return made


def document(content: Any) -> None:
    """Print one JSON document, all that --json puts on standard output."""
    print(json.dumps(content, indent=1, ensure_ascii=False))


def progress(text: str, *, json: bool) -> None:
    """One line while a command is at work; with `json` it goes to standard error."""
    print(text, file=sys.stderr if json else sys.stdout, flush=True)


def size(count: int | None) -> str:
    """Bytes as a person reads them, "-" for None."""
    if count is None:
        return "-"
    amount, unit = float(count), 0
    while amount >= _UNIT and unit < len(_UNITS) - 1:
        amount, unit = amount / _UNIT, unit + 1
    return f"{amount:.0f} {_UNITS[unit]}" if unit == 0 else f"{amount:.1f} {_UNITS[unit]}"


def short_size(count: int) -> str:
    """Bytes as a label has them: exact, in the largest unit that needs no more than two decimals."""
    amount, unit = float(count), 0
    while amount >= _UNIT and unit < len(_UNITS) - 1 and round(amount / _UNIT, 2) == amount / _UNIT:
        amount, unit = amount / _UNIT, unit + 1
    return f"{amount:.2f}".rstrip("0").rstrip(".") + f" {_UNITS[unit]}"
