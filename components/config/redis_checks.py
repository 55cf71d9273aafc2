"""What is wrong with the purposes of Redis: numbers, servers of single purposes, and what apps ask for.

Every function yields all the problems of one rule. What the last run has left behind belongs to `ledger`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from components.config.errors import Problem, twice
from components.config.models import Settings
from components.config.redis_servers import PURPOSES_NEED, unified


def _numbers(settings: Settings) -> Iterator[Problem]:
    """Over all servers, because an app's own one carries every purpose of the app."""
    entries = [(f"data-tier:redis.databases.{name}", its, its) for name, its in settings.redis.databases.items()]
    entries += [
        (f"data-tier:redis.servers.{name}.number", its.number, its.number)
        for name, its in settings.redis.servers.items()
    ]
    yield from twice(entries, "the number is taken by {other}", "Give each purpose its own number")


def _one_server_each(settings: Settings) -> Iterator[Problem]:
    for purpose in settings.redis.servers:
        if purpose in settings.redis.databases:
            yield Problem(
                key=f"data-tier:redis.servers.{purpose}",
                rule="the purpose is in data-tier:redis.databases too, and its keys are on one server",
                remedy="Leave it where its keys are, and remove the other one",
            )


def _room(settings: Settings) -> Iterator[Problem]:
    data = settings.network.get("data")
    subnet = data.subnet if data else None
    if subnet and subnet.prefixlen > PURPOSES_NEED and any(its.purpose for its in unified(settings).values()):
        yield Problem(
            key="data-tier:redis.servers",
            rule=f"servers of single purposes have fixed addresses, for which {subnet} has no room",
            remedy=f"Write a data-tier:network.data.subnet of /{PURPOSES_NEED} or larger, or use databases",
            needs="data-tier:network.data.subnet",
        )


def _asked_for(settings: Settings) -> Iterator[Problem]:
    known = settings.redis.numbers
    choice = f", or choose one of {', '.join(known)}" if known else ""
    for app, its in settings.apps.items():
        for position, name in enumerate(its.redis):
            if name not in known:
                yield Problem(
                    key=f"data-tier:apps.{app}.redis[{position}]",
                    value=name,
                    rule="there is no such database in data-tier:redis.databases",
                    remedy=f"Declare it there{choice}",
                    needs=(f"data-tier:redis.databases.{name}", f"data-tier:redis.servers.{name}"),
                )
        yield from twice(
            ((f"data-tier:apps.{app}.redis[{at}]", name, name) for at, name in enumerate(its.redis)),
            "it is named twice",
            "Name it once",
        )


RULES: Final[tuple[Callable[[Settings], Iterator[Problem]], ...]] = (_numbers, _one_server_each, _room, _asked_for)
