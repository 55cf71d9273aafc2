"""Single values as providers read them: a program may write a flag or a number as text."""

from __future__ import annotations

import re
from typing import Any, Final

_OFF: Final = frozenset({"", "0", "f", "false", "n", "no", "off"})


def is_off(value: Any) -> bool:
    """Whether a flag is written as off. A missing one isn't: what that means belongs to the property."""
    return value is False or (value is not None and str(value).strip().lower() in _OFF) or value == 0


def is_on(value: Any) -> bool:
    """Whether a flag is set, in any spelling; what can't be read counts as set."""
    return value is not None and not is_off(value)


def whole_number(value: Any) -> int | None:
    """The number, None where it is missing or can't be read as a whole one; no provider reads thousands of digits."""
    if value is None or isinstance(value, bool):
        return None
    match = re.fullmatch(r"([+-]?[0-9]{1,30})(?:\.0*)?", str(value).strip(), flags=re.ASCII)
    return int(match[1]) if match else None


def identifier(value: Any) -> str:
    """A name of a database object as it is compared here: without quotes and blanks, in lower case."""
    return value.strip().strip('"').strip().lower() if isinstance(value, str) else ""
