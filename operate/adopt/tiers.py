"""Which tier a service is on, and which host ports the tiers have. Pure.

A service with stores is on the backend; else a public port makes a frontend, one on loopback an admin page.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from operate.adopt.recognise import Kind, is_proxy
from operate.adopt.unit import Port, Unit
from operate.adopt.uses import hosts

_DEFAULTS: Final = {"frontend": (3000, 3999), "backend": (4000, 4999), "admin": (5000, 5999)}
_HIGHEST: Final = 65535
_BLOCKS: Final = range(6000, 60000, 1000)
_NAMED: Final = re.compile(r"(?:.*[-_])?(frontend|backend|admin)(?:[-_](?:tier|net|network))?")


@dataclass(frozen=True, kw_only=True)
class Placed:
    """A service's tiers, home first, and its port as the stack file has it; `moved` is the host port that it had."""

    tiers: tuple[str, ...]
    port: str | None = None
    moved: int | None = None


def home(unit: Unit, *, uses_data: bool) -> str:
    """The tier that a unit's port is published on; one with a data URL is on the backend, wherever its store is."""
    port = published(unit)
    if uses_data:
        return "backend"
    if port is not None:
        return "admin" if port.is_loopback else "frontend"
    told = [found[1] for name in sorted(unit.networks) if (found := _NAMED.fullmatch(name))]
    return told[0] if told else "backend"


def published(unit: Unit) -> Port | None:
    """The one port that a service keeps: the first by TCP."""
    return next((port for port in unit.ports if port.protocol == "tcp"), None)


def place(units: Sequence[Unit], homes: Mapping[str, str], kinds: Mapping[str, Kind]) -> tuple[dict[str, Placed], Any]:
    """Each unit's tiers and port, and the range of each tier that publishes."""
    wanted = {
        tier: [port.host for unit in units if homes[unit.name] == tier and (port := published(unit)) and port.host]
        for tier in _DEFAULTS
    }
    publishing = [homes[unit.name] for unit in units if published(unit)]
    ranges = _ranges(wanted, {tier: publishing.count(tier) for tier in _DEFAULTS})
    taken: set[int] = {host for tier, its in wanted.items() for host in its if _within(host, ranges[tier])}
    found: dict[str, Placed] = {}
    for unit in units:
        tier, port = homes[unit.name], published(unit)
        tiers = (tier, *_others(unit, units, homes, kinds))
        if port is None:
            found[unit.name] = Placed(tiers=tiers)
            continue
        host = port.host
        if host is None or not _within(host, ranges[tier]) or _is_twice(host, unit, units):
            host = next(one for one in range(ranges[tier][0], ranges[tier][1] + 1) if one not in taken)
            taken.add(host)
        moved = port.host if port.host not in (None, host) else None
        found[unit.name] = Placed(tiers=tiers, port=f"{host}:{port.container}", moved=moved)
    return found, {tier: its for tier, its in ranges.items() if tier in publishing}


def network(
    units: Sequence[Unit], homes: Mapping[str, str], tier: str, ports: tuple[int, int] | None, internal: Collection[str]
) -> dict[str, Any]:
    """A tier's section: without a way out only where none of its services had one."""
    its = [unit for unit in units if homes[unit.name] == tier]
    public = tier == "frontend" and any((port := published(unit)) and not port.is_loopback for unit in its)
    section: dict[str, Any] = {}
    if not public and its and all(unit.networks and unit.networks <= set(internal) for unit in its):
        section["internal"] = True
    if ports:
        section |= {"publish": "public" if public else "loopback", "ports": f"{ports[0]}-{ports[1]}"}
    return section


def _ranges(wanted: Mapping[str, Sequence[int]], room: Mapping[str, int]) -> dict[str, tuple[int, int]]:
    """A range for each tier, those with ports first: the usual one where it fits, one around them, or a free block."""
    found: dict[str, tuple[int, int]] = {}
    for tier in sorted(_DEFAULTS, key=lambda name: not wanted[name]):
        ports, usual = wanted[tier], _DEFAULTS[tier]
        others = [port for name, its in wanted.items() if name != tier for port in its]
        first = [usual] if all(_within(port, usual) for port in ports) else []
        first += [_around(ports, others)] if ports else []
        blocks = ((start, start + 999) for start in _BLOCKS)
        candidates = [one for one in (*first, usual, *_DEFAULTS.values(), *blocks) if one[1] - one[0] + 1 >= room[tier]]
        found[tier] = next(one for one in candidates if not any(_meet(one, other) for other in found.values()))
    return found


def _around(ports: Sequence[int], others: Sequence[int]) -> tuple[int, int]:
    """From the first port to the last, and on to the end of its thousand as far as no other tier has a port there."""
    first, last = min(ports), max(ports)
    after = [port - 1 for port in others if port > last]
    return first, min([max(last, first // 1000 * 1000 + 999), _HIGHEST, *after])


def _others(unit: Unit, units: Sequence[Unit], homes: Mapping[str, str], kinds: Mapping[str, Kind]) -> list[str]:
    """The further tiers on which a unit finds services that it names, or shares a network of a name with."""
    told = {host for value in unit.env.values() for host in hosts(value)}
    told |= {unit.links.get(host, host) for host in told} | set(unit.depends) | set(unit.links.values())
    found: list[str] = []
    for other in units:
        if other is unit or kinds[other.name] is not Kind.APP or not unit.networks & other.networks:
            continue
        named = told & {other.name, other.container, *other.aliases}
        shared = is_proxy(unit) or (unit.networks & other.networks - {"default"} and homes[unit.name] == "frontend")
        if named or (shared and homes[other.name] != "admin"):
            found.append(homes[other.name])
    return [tier for tier in dict.fromkeys(found) if tier != homes[unit.name]]


def _is_twice(host: int, unit: Unit, units: Sequence[Unit]) -> bool:
    first = next(one for one in units if (port := published(one)) and port.host == host)
    return first is not unit


def _within(port: int, span: tuple[int, int]) -> bool:
    return span[0] <= port <= span[1]


def _meet(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return one[0] <= other[1] and other[0] <= one[1]
