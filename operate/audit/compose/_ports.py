"""Published ports of a compose file in every spelling, one entry for each port as Docker would bind it.

A range is as many ports; one too long to be told one by one stays a range, which rules read as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from operate.audit.compose._parts import text
from operate.audit.compose._values import is_unknown, known
from operate.audit.errors import InputError
from operate.audit.resources import UNKNOWN_ITEM

_RANGE: Final = re.compile(r"([0-9]+)(?:-([0-9]+))?", flags=re.ASCII)
_LONGEST: Final = 1000
_HIGHEST: Final = 65535


def published(value: Any, where: str) -> Iterator[Any]:
    """The provider's ports for one entry of `ports`. Raises InputError for what compose refuses too."""
    if isinstance(value, Mapping):
        yield from _long(value, where)
        return
    if isinstance(value, bool | float) or value is None:
        raise InputError(f'{where} isn\'t a port: write it as "127.0.0.1:4000:8000"')
    yield from _short(text(value).strip(), where)


def _long(value: Mapping[str, Any], where: str) -> Iterator[Any]:
    if value.get("target") is None:
        raise InputError(f"{where}.target is missing: name the container's port")
    parts = {
        key: text(value[key]).strip() for key in ("published", "host_ip", "protocol") if value.get(key) is not None
    }
    yield from _each(
        text(value["target"]).strip(), parts.get("published", ""), parts.get("host_ip"), parts.get("protocol"), where
    )


def _short(entry: str, where: str) -> Iterator[Any]:
    """`[[ip:][host]:]container[/protocol]`, read from its end: an IPv6 address has colons of its own."""
    spec, _, protocol = entry.partition("/")
    if is_unknown(spec) and ":" not in spec:
        yield UNKNOWN_ITEM  # a variable may hold the whole of it
        return
    *before, inside = spec.split(":")
    outside = before.pop() if before else ""
    yield from _each(inside, outside, ":".join(before) if before else None, protocol or None, where)


def _each(inside: str, outside: str, ip: str | None, protocol: str | None, where: str) -> Iterator[dict[str, Any]]:
    port: dict[str, Any] = {"protocol": protocol or "tcp"}
    if ip is not None:
        port["ip"] = known(ip.removeprefix("[").removesuffix("]") if ip.startswith("[") else ip)
    for one, other in _pairs(inside, outside, where):
        bound = {} if other in ("", "0") else {"external": _number(other)}
        yield {"internal": _number(one), **bound, **port}


def _pairs(inside: str, outside: str, where: str) -> list[tuple[str, str]]:
    if is_unknown(inside) or is_unknown(outside):
        return [(inside, outside)]
    first, last = _bounds(inside, where)
    low, high = _bounds(outside, where) if outside else (0, 0)
    count, hosts = last - first, high - low
    if outside and count and count != hosts:
        raise InputError(f"{where} has ranges of different length: give both sides as many ports")
    if not count or count >= _LONGEST:
        return [(inside, outside)]  # one port on one of several: Docker takes the first that is free
    return [(str(first + at), str(low + at) if outside else "") for at in range(count + 1)]


def _bounds(ports: str, where: str) -> tuple[int, int]:
    match = _RANGE.fullmatch(ports)
    first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
    if first > last or last > _HIGHEST:
        raise InputError(f'{where} isn\'t a port: write it as "127.0.0.1:4000:8000", a range as "4000-4005"')
    return first, last


def _number(port: str) -> Any:
    return int(port) if port.isdecimal() else known(port)
