"""What is adopted, in one shape wherever it was read from: containers, their volumes, what can't be carried over.

Owns no reading and no decision.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any, Final

_REFERENCE: Final = re.compile(r"\$\{([^}]*)\}")
_LOOPBACK: Final = re.compile(r"127\..*|localhost|::1|\[::1\]")


@dataclass(frozen=True, kw_only=True)
class Left:
    """Something that isn't carried over: where it stood, why, and what a person does about it."""

    service: str
    key: str
    reason: str
    todo: str

    def as_json(self) -> dict[str, Any]:
        """The keys of --json."""
        return {"service": self.service, "key": self.key, "reason": self.reason, "todo": self.todo}


@dataclass(frozen=True, kw_only=True)
class Port:
    """A published port; `host` is None where Docker chooses one, `address` is "" for every address."""

    container: int
    host: int | None = None
    address: str = ""
    protocol: str = "tcp"

    @property
    def is_loopback(self) -> bool:
        """Whether it is bound on this host alone."""
        return bool(_LOOPBACK.fullmatch(self.address))


@dataclass(frozen=True, kw_only=True)
class Mount:
    """What a container sees at `target`: a `volume` by its name in Docker ("" for one without), a `bind` or `tmpfs`."""

    kind: str
    source: str
    target: str
    named: str = ""  # the volume's name in the compose file


@dataclass(frozen=True, kw_only=True)
class Unit:
    """A container, or a service of a compose file, which stands for one.

    `key` begins its keys in messages; `built` says from what it is built, "" where an image is given. References to
    variables without a value stay in texts as `${NAME}`. `memory` is in MiB, `cpu` in cores. `profiles` and the like
    are in `left` already.
    """

    name: str
    key: str
    container: str | None = None
    image: str | None = None
    built: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    networks: frozenset[str] = frozenset()
    aliases: tuple[str, ...] = ()
    links: Mapping[str, str] = field(default_factory=dict)
    depends: tuple[str, ...] = ()
    ports: tuple[Port, ...] = ()
    mounts: tuple[Mount, ...] = ()
    command: tuple[str, ...] = ()
    memory: int | None = None
    cpu: float | None = None
    left: tuple[Left, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Volume:
    """A place where data is: a named or unnamed volume, or a folder of the host; `bytes` is None where unknown."""

    name: str
    container: str
    path: str
    holds: str
    bytes: int | None = None

    def as_json(self) -> dict[str, Any]:
        """The keys of --json."""
        return {
            "name": self.name,
            "container": self.container,
            "path": self.path,
            "holds": self.holds,
            "bytes": self.bytes,
        }


@dataclass(frozen=True, kw_only=True)
class Project:
    """Everything that was read. `internal` are the networks without a way out; `named` are container names and subnets
    that the host has already, empty for a compose file; `sizes` are bytes by volume.
    """

    name: str
    source: str
    units: Sequence[Unit]
    internal: frozenset[str] = frozenset()
    left: Sequence[Left] = ()
    live: bool = False
    taken_names: frozenset[str] = frozenset()
    taken_subnets: Sequence[IPv4Network] = ()
    sizes: Mapping[str, int] = field(default_factory=dict)

    def unit(self, name: str) -> Unit | None:
        """The unit of a name."""
        return next((unit for unit in self.units if unit.name == name), None)


def unresolved(text: str) -> list[str]:
    """The variables in a text that have no value."""
    return _REFERENCE.findall(text)


def scripts(unit: Unit) -> list[Path]:
    """The SQL files that an empty server runs at its first start, as far as they can be read here, in order."""
    found: list[Path] = []
    for mount in unit.mounts:
        if mount.kind != "bind" or not mount.target.startswith("/docker-entrypoint-initdb.d"):
            continue
        source = Path(mount.source)
        found += sorted(source.iterdir()) if source.is_dir() else [source] if source.is_file() else []
    return [one for one in sorted(found, key=lambda path: path.name) if one.is_file()]
