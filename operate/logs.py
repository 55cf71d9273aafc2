"""What the containers of an app, of a server or of the whole stack have logged, each line with its container's name."""

from __future__ import annotations

import json
import re
import sys
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import docker
from docker.errors import APIError
from docker.models.containers import Container

from operate import daemon
from operate.errors import OperateError
from operate.stack import Stack

_AGO = re.compile(r"(\d+)([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which part of the logs: the last `tail` lines (None for all), from `since` on, and what comes if `follow`."""

    tail: int | None = None
    since: datetime | None = None
    follow: bool = False


def when(text: str, now: datetime) -> datetime:
    """The moment that `10m`, `2h`, `1d` or an ISO time means. Raises OperateError for anything else."""
    ago = _AGO.fullmatch(text)
    if ago:
        return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise OperateError(
            f"--since {text}: write how long ago (30s, 10m, 2h, 1d) or a time (2026-01-31T08:00)"
        ) from None
    return found if found.tzinfo else found.astimezone()


def names(stack: Stack, what: str | None) -> list[str]:
    """The containers that `what` means: an app, the key or name of a server or service; all for None."""
    servers = {key: [*server.members, *(server.ways or [server.name])] for key, server in stack.servers.items()}
    services = {app: service.name for app, service in stack.services.items()}
    poolers = [pooler.name for pooler in stack.poolers.values()]
    relays = [name for its in stack.external_servers.values() for name in (its.relay, its.outlet)]
    watching = stack.monitoring.containers if stack.monitoring else []
    everything = [*(name for its in servers.values() for name in its), *relays, *poolers, *watching, *services.values()]
    if what is None:
        return everything
    if what in everything:
        return [what]
    if what in servers:
        return servers[what]
    stack.require(what)
    own = [name for one in stack.own_servers(what) for name in (*one.members, *(one.ways or [one.name]))]
    own += stack.own_relays(what)
    own += [one.name for one in stack.own_poolers(what)]
    found = [*own, *([services[what]] if what in services else [])]
    if not found:
        raise OperateError(f"{what} has no container of its own; servers: {', '.join(servers)}")
    return found


def show(client: docker.DockerClient, containers: list[str], wanted: Wanted, *, as_json: bool) -> None:
    """Print the logs; with several containers they are mixed as they come. Raises OperateError."""
    found = [daemon.find(client, name) for name in containers]
    there = [container for container in found if container is not None]
    if not there:
        raise OperateError(f"none of these is there: {', '.join(containers)}; `make up` makes them")
    width = max(len(str(one.name)) for one in there) if len(there) > 1 else 0
    lock = threading.Lock()

    def copy(container: Container) -> None:
        for line in _lines(container, wanted):
            with lock:
                sys.stdout.write(_shown(str(container.name), line, width, as_json=as_json))
                sys.stdout.flush()

    with ThreadPoolExecutor(max_workers=len(there)) as pool:
        list(pool.map(copy, there))


def _lines(container: Container, wanted: Wanted) -> Iterator[str]:
    """Whole lines, each with its time before it."""
    options: dict[str, Any] = {"tail": "all" if wanted.tail is None else wanted.tail, "timestamps": True}
    if wanted.since:
        options["since"] = wanted.since.astimezone(UTC).replace(tzinfo=None)
    try:
        yield from _whole(container.logs(stream=True, follow=wanted.follow, **options))
    except APIError as error:
        raise OperateError(f"the logs of {container.name} can't be read: {error.explanation}") from None


def _whole(pieces: Iterable[bytes]) -> Iterator[str]:
    rest = b""
    for piece in pieces:
        *complete, rest = (rest + piece).split(b"\n")
        yield from (line.decode(errors="replace") for line in complete)
    if rest:
        yield rest.decode(errors="replace")


def _shown(name: str, line: str, width: int, *, as_json: bool) -> str:
    time, _, text = line.partition(" ")
    if as_json:
        return json.dumps({"container": name, "time": time, "line": text}, ensure_ascii=False) + "\n"
    return f"{name:<{width}} | {text}\n" if width else f"{text}\n"
