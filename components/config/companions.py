"""What is wrong with the names of containers that are called after a server and declared by nobody: its companions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from components.config import places, postgres_servers, redis_servers
from components.config.errors import Problem
from components.config.models import Settings

_LONGEST: Final = 63  # a DNS label, RFC 1035


@dataclass(frozen=True)
class Companion:
    """A container: what it is, its name, and the server beside which it stands with where that is declared."""

    what: str
    name: str
    server: str
    path: str


def problems(settings: Settings, companions: Iterable[Companion]) -> Iterator[Problem]:
    """Names that a service or another server has, and names that are too long."""
    others = taken(settings)
    for one in companions:
        if one.name in others:
            yield clash(others[one.name], one.name, f"{one.what} beside {one.server}")
        if len(one.name) > _LONGEST:
            yield Problem(
                key=f"{one.path}.name",
                value=one.server,
                rule=f"with {one.name.removeprefix(one.server)} behind it, as {one.what} is called, "
                f"it is over {_LONGEST} characters",
                remedy="Give the server a shorter name",
            )


def taken(settings: Settings) -> dict[str, str]:
    """The names of services, PostgreSQL and Redis servers, each with the key that says it."""
    found = {its.name: f"data-tier:{its.path}.name" for its in redis_servers.declared(settings).values()}
    found |= {its.name: f"{its.path}.name" for its in postgres_servers.declared(settings)}
    services = places.services(settings)
    return found | {settings.service_name(app): f"data-tier:apps.{app}.service.name" for app, _ in services}


def clash(key: str, name: str, what: str) -> Problem:
    """A name at `key` that a container has which nobody declares."""
    return Problem(key=key, value=name, rule=f"{what} is called so", remedy="Give it another name")
