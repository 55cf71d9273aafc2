"""What the watchdogs of a stack did: who broke which limit how often, from their containers' logs. Changes nothing.

Which breaches there are and what is written belongs to `images.watchdog`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

import docker
from rich.console import Group

from components.naming import watchdog_name
from operate import daemon, printing
from operate.errors import OperateError
from operate.stack import Stack

_DEEDS: Final = ("cancelled", "terminated", "lifted")


@dataclass(frozen=True, kw_only=True)
class Broken:
    """A limit that a login broke: how often what was done, the worst that was found, and when last.

    `allowed` and `worst` are milliseconds or sessions, for `lifted` milliseconds or kB, `worst` then being the text
    that the login has instead. `queries` are identifiers, as pg_stat_statements has them.
    """

    server: str
    app: str
    login: str
    limit: str
    did: str
    times: int
    allowed: int
    worst: int | str | None
    last: str
    queries: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Watch:
    """One server's watchdog: whether it runs, and what it logged."""

    server: str
    container: str
    running: bool
    broken: tuple[Broken, ...]


def look(stack: Stack, client: docker.DockerClient, since: datetime | None) -> list[Watch]:
    """The watchdogs that the stack has. Raises OperateError where there is none."""
    found = []
    for server in stack.servers.values():
        container = daemon.find(client, watchdog_name(server.name)) if server.kind == "postgres" else None
        if container is None:
            continue
        log = container.logs(stdout=True, stderr=False, since=since.timestamp() if since else None)
        broken = tuple(summed(server.name, events(log.decode(errors="replace").splitlines())))
        running = container.status == "running"
        found.append(Watch(server=server.name, container=str(container.name), running=running, broken=broken))
    if not found:
        raise OperateError("nothing is watched: no app declares limits, or postgres.watchdog is off")
    return found


def events(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    """What the watchdog did, from its log; its other lines are left out."""
    for line in lines:
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if isinstance(event, dict) and event.get("event") in _DEEDS:
            yield event


def summed(server: str, found: Iterable[dict[str, Any]]) -> list[Broken]:
    """One entry for each login, limit and deed, the latest first."""
    by_what: dict[tuple[str, str, str, str], list[dict[str, Any]]] = {}
    for event in found:
        key = (str(event.get("app")), event["login"], event["limit"], event["event"])
        by_what.setdefault(key, []).append(event)
    entries = [_entry(server, its) for its in by_what.values()]
    return sorted(entries, key=lambda one: one.last, reverse=True)


def _entry(server: str, its: Sequence[dict[str, Any]]) -> Broken:
    last = max(its, key=lambda event: str(event["at"]))
    numbers = [event["found"] for event in its if isinstance(event["found"], int)]
    return Broken(
        server=server,
        app=str(last.get("app")),
        login=last["login"],
        limit=last["limit"],
        did=last["event"],
        times=len(its),
        allowed=last["allowed"],
        worst=max(numbers) if numbers else last["found"],
        last=last["at"],
        queries=tuple(sorted({event["query_id"] for event in its if event.get("query_id") is not None})),
    )


def as_json(stack: str, watches: Sequence[Watch]) -> dict[str, Any]:
    """The document of --json."""
    return {"stack": stack, "watchdogs": [asdict(watch) for watch in watches]}


def render(watches: Sequence[Watch]) -> Group:
    """The tables for people."""
    return Group(*(_table(watch) for watch in watches))


def _table(watch: Watch) -> Any:
    state = "" if watch.running else " (doesn't run)"
    if not watch.broken:
        return f"{watch.container}{state}: no limit was broken."
    columns = ("app", "login", "limit", "allowed", "worst", "did", "times", "last", "queries")
    table = printing.table(f"{watch.container}{state}", *columns)
    for one in watch.broken:
        worst = "nothing" if one.worst is None else str(one.worst)
        queries = ", ".join(str(query) for query in one.queries) or "-"
        row = (one.app, one.login, one.limit, str(one.allowed), worst, one.did, str(one.times), one.last, queries)
        table.add_row(*row)
    return table
