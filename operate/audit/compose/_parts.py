"""The small forms of a compose file: flags, sizes, maps that may be lists, names of networks, commands."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from typing import Any, Final

from operate.audit.compose._values import is_unknown, known, reference, strip
from operate.audit.errors import InputError
from operate.audit.resources import UNKNOWN

_TRUE: Final = frozenset({"true", "yes", "y", "on", "1", "t"})
_UNITS: Final = {"": 1, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
_SIZE: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([bkmgt]?)i?b?", flags=re.IGNORECASE)
_MIB: Final = 1 << 20


def mapping(parent: Mapping[str, Any], key: str, where: str = "") -> dict[str, Any]:
    """The map at `key`, empty where it is missing. Raises InputError for anything else."""
    value = parent.get(key)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise InputError(f"{where}{key} must be a mapping: see the compose specification")
    return {str(name): one for name, one in value.items()}


def items(value: Any, where: str) -> list[Any]:
    """A list, empty where it is missing, of one where it is a single value. Raises InputError for a map."""
    if value is None:
        return []
    if isinstance(value, Mapping):
        raise InputError(f"{where} must be a list: see the compose specification")
    return list(value) if isinstance(value, list) else [value]


def scalar(value: Any) -> Any:
    """A value as text, None where it is missing, unknown where a variable in it has no value."""
    return None if value is None else known(text(value))


def text(value: Any) -> str:
    """A scalar as compose hands it on: true and false in lower case."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def flag(value: Any) -> Any:
    """A switch in any spelling that compose takes."""
    return UNKNOWN if is_unknown(value) else text(value).strip().lower() in _TRUE if value is not None else False


def texts(value: Any, where: str) -> list[Any]:
    """A list of texts; unknown ones keep their place."""
    return [scalar(one) for one in items(value, where) if one is not None]


def pairs(value: Any, where: str) -> Iterator[tuple[str, Any]]:
    """Names and values of a map, or of a list of `NAME=value`; a name alone takes its value from outside."""
    if isinstance(value, Mapping):
        yield from ((str(name), reference(str(name)) if one is None else text(one)) for name, one in value.items())
        return
    for one in items(value, where):
        name, equals, rest = text(one).partition("=")
        yield name, rest if equals else reference(name)


def labels(value: Any, where: str) -> list[dict[str, Any]]:
    """Labels from a map or a list; one without a value is empty."""
    found = (
        value.items() if isinstance(value, Mapping) else [text(one).partition("=")[::2] for one in items(value, where)]
    )
    return [{"label": strip(str(name)), "value": "" if one is None else scalar(one)} for name, one in found]


def scalars(value: Any, where: str) -> dict[str, Any]:
    """A map of options."""
    return {name: known(one) for name, one in pairs(value, where)}


def command(value: Any, where: str) -> list[str]:
    """A command as words; a text is split as a shell does."""
    if isinstance(value, str):
        try:
            return [strip(word) for word in shlex.split(value)]
        except ValueError:
            return [strip(value)]
    return [strip(text(word)) for word in items(value, where)]


def mebibytes(value: Any, where: str) -> Any:
    """A size as the provider has it, rounded up. Raises InputError for what is none."""
    if value is None or is_unknown(value):
        return known(value)
    match = _SIZE.fullmatch(str(value).strip())
    if match is None:
        raise InputError(f"{where} isn't a size: write it as 512M or 1G")
    return -int(-float(match[1]) * _UNITS[match[2].lower()] // _MIB)


def external(one: Mapping[str, Any]) -> bool:
    """Whether something else made it."""
    return isinstance(one.get("external"), Mapping) or flag(one.get("external")) is True


def network_name(project: str, name: str, model: Mapping[str, Any]) -> Any:
    """The name that Docker knows a network by."""
    one = mapping(model, "networks").get(name) or {}
    outside = one.get("external")
    named = one.get("name") or (outside.get("name") if isinstance(outside, Mapping) else None)
    return scalar(named) or (name if external(one) else f"{project}_{name}")
