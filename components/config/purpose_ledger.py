"""Where the keys of each purpose are, as the last run has written it down, against what the stack file says now.

Pure. Another number or another server is another, empty place: apps would begin without their keys.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from pydantic import BaseModel, ConfigDict

from components.config.errors import Problem
from components.config.models import Place, Settings


class Held(Protocol):
    """What the ledger says of an app."""

    @property
    def redis(self) -> Sequence[str]:
        """Its purposes."""

    @property
    def on_their_own(self) -> Sequence[str]:
        """Those of them with a server of their own in the unified place."""

    @property
    def places(self) -> Sequence[Place]:
        """Where its stores are."""


class User(BaseModel):
    """An app's recorded user: the number of each of its purposes."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    purposes: Mapping[str, int] = {}


def compare(held: Mapping[str, Held], users: Mapping[str, User], settings: Settings) -> Iterator[Problem]:
    """One problem for each purpose that would be looked for where its keys aren't."""
    for purpose, number in settings.redis.numbers.items():
        own = purpose in settings.redis.servers
        key = f"data-tier:redis.servers.{purpose}" if own else f"data-tier:redis.databases.{purpose}"
        yield from _number(
            purpose, number, f"{key}.number" if own else key, {app: users[app] for app in held if app in users}
        )
        apps = [app for app, was in held.items() if "unified" in was.places and purpose in was.redis]
        moved = [app for app in apps if (purpose in held[app].on_their_own) != own]
        if moved:
            yield Problem(
                key=key,
                rule=f"{', '.join(sorted(moved))}: keys on {_server(purpose, own=not own)}, and another server is an "
                "empty one",
                remedy=f"Leave it under {'databases' if own else 'servers'}; a purpose of another name can be under "
                f"{'servers' if own else 'databases'}, and apps may name both",
            )


def _number(purpose: str, number: int, key: str, users: Mapping[str, User]) -> Iterator[Problem]:
    apps = {app: its.purposes[purpose] for app, its in users.items() if its.purposes.get(purpose, number) != number}
    if apps:
        was = next(iter(apps.values()))
        yield Problem(
            key=key,
            value=number,
            rule=f"{', '.join(sorted(apps))}: keys under number {was}; another number is another, empty database",
            remedy=f"Write {was}",
        )


def _server(purpose: str, *, own: bool) -> str:
    return f"the server of {purpose} alone" if own else "the shared server"
