"""Durations as Go writes them ("1m0s"), which is how the official plugin stores health check times."""

from __future__ import annotations

import re
from typing import Final

_UNITS: Final = {"ns": 1, "us": 10**3, "µs": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
_PART: Final = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)")


def nanoseconds(text: str) -> int:
    """ "1m30s" as nanoseconds; ValueError for anything that Go would not take or that is negative."""
    if text == "0":
        return 0
    parts = _PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError(text)
    return round(sum(float(number) * _UNITS[unit] for number, unit in parts))


def written(value: int) -> str:
    """Nanoseconds in Go's own form."""
    if value == 0:
        return "0s"
    if value < _UNITS["s"]:
        unit = next(unit for unit in ("ms", "µs", "ns") if value >= _UNITS[unit])
        return _decimal(value, _UNITS[unit]) + unit
    minutes, rest = divmod(value, _UNITS["m"])
    hours, minutes = divmod(minutes, 60)
    head = f"{hours}h{minutes}m" if hours else f"{minutes}m" if minutes else ""
    return head + _decimal(rest, _UNITS["s"]) + "s"


def _decimal(value: int, unit: int) -> str:
    whole, rest = divmod(value, unit)
    digits = str(rest).rjust(len(str(unit)) - 1, "0").rstrip("0")
    return f"{whole}.{digits}" if digits else str(whole)


def normal(text: str) -> str:
    """The form in which the daemon's answer is stored: "60s" becomes "1m0s"."""
    try:
        return written(nanoseconds(text))
    except ValueError:
        return text  # check refuses it; a comparison must not fail


def invalid(text: str) -> str | None:
    """Why a text is not a duration."""
    try:
        nanoseconds(text)
    except ValueError:
        return "must be a duration in Go's form such as '1m30s'"
    return None
