"""From the command to the first write: a planned switchover and back, and a promotion after the primary was killed.

One client commits one row after the other, connecting anew when it has to; the time is that from the start of the
command to the first commit on the new primary, and beside it for how long nothing was committed. What was told as
committed and isn't there afterwards is counted.
"""

from __future__ import annotations

import json
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import psycopg

from benchmarks import host
from benchmarks.results import Figure, Result
from benchmarks.stackfile import PREFIX, generated
from benchmarks.workspace import STACK, Workspace
from operate import members, switch
from operate import stack as stacks

_RUNS: Final = 5
_SWITCHOVER_SECONDS: Final = 3.0
_PROMOTE_SECONDS: Final = 10.0
_STREAMS_SECONDS: Final = 60
_PAUSE: Final = 0.01


class _Writer:
    """Commits rows, and knows when."""

    def __init__(self, login: dict[str, Any]) -> None:
        self._login, self._over = login, threading.Event()
        self.commits: list[tuple[float, int]] = []
        self._thread = threading.Thread(target=self._write)

    def _write(self) -> None:
        connection, number = None, time.time_ns()
        while not self._over.is_set():
            number += 1
            try:
                connection = connection or psycopg.connect(**self._login, autocommit=True)
                connection.execute("INSERT INTO bench VALUES (%s)", (number,))
                self.commits.append((time.monotonic(), number))
            except psycopg.Error:
                connection = None
                self._over.wait(_PAUSE)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """While it writes."""
        self._thread.start()
        try:
            time.sleep(1)
            yield
            time.sleep(1)
        finally:
            self._over.set()
            self._thread.join()

    def after_gap(self, begun: float) -> tuple[float, float]:
        """From `begun` to the commit that ended the longest time without one after it, and that time."""
        times = [at for at, _ in self.commits]
        gaps = [(after - before, after - begun) for before, after in pairwise(times) if after > begun]
        longest = max(gaps)
        return longest[1], longest[0]


def measured() -> Result:
    """Switchovers to and fro, then promotions, each under writes."""
    try:
        client = host.cleared()
    except host.NoHostError as error:
        return Result(name="standby", figures=[], notes=[str(error)])
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        workspace = Workspace(Path(folder))
        try:
            workspace.configure(_settings())
            workspace.stack("up", "--yes", "--skip-preview", "--suppress-outputs")
            told = json.loads(workspace.stack("stack", "output", "--json", "--show-secrets").out)
            figures = [*_figures(client, told, "switchover"), *_figures(client, told, "promote")]
        finally:
            workspace.stack("destroy", "--yes", "--skip-preview")
            host.clear(client)
    return Result(name="standby", figures=figures)


def _settings() -> dict[str, Any]:
    config = generated(1, "unified", capacity=1, services=False)
    config["data-tier:postgres"] |= {"resources": {"memory": "256Mi", "cpu": 1}, "connections": 40, "standbys": 1}
    for app in config["data-tier:apps"].values():
        app["postgres"] |= {"connections": 5}
        app.pop("redis")
    return config


def _figures(client: Any, told: dict[str, Any], command: str) -> list[Figure]:
    """Of one command, several times."""
    runs = [_once(client, told, command) for _ in range(_RUNS)]
    first, gaps, lost = ([one[at] for one in runs] for at in range(3))
    target = _SWITCHOVER_SECONDS if command == "switchover" else _PROMOTE_SECONDS
    return [
        Figure(
            name=f"{command}: command to first write",
            value=statistics.median(first),
            unit="s",
            target=target,
            runs=first,
        ),
        Figure(name=f"{command}: longest without a commit", value=statistics.median(gaps), unit="s", runs=gaps),
        Figure(name=f"{command}: commits lost", value=sum(lost), unit="", runs=lost)
        if command == "promote"
        else Figure(name=f"{command}: commits lost", value=sum(lost), unit="", target=0, runs=lost),
    ]


def _once(client: Any, told: dict[str, Any], command: str) -> tuple[float, float, float]:
    stack = stacks.parse(STACK, told)
    server = stack.servers["postgres"]
    _wait_for_stream(client, server)
    with psycopg.connect(**_login(told, "migrate"), autocommit=True) as migrate:
        migrate.execute("CREATE TABLE IF NOT EXISTS bench (number bigint PRIMARY KEY)")
    writer = _Writer(_login(told, "app"))
    with writer.at_work():
        primary = members.primary(client, server)
        if command == "promote":
            client.containers.get(primary).kill()
        begun = time.monotonic()
        if command == "promote":
            switch.promote(stack, None, client, print)
        else:
            switch.switchover(stack, None, client, print)
    first, gap = writer.after_gap(begun)
    with psycopg.connect(**_login(told, "app")) as connection:
        there = {row[0] for row in connection.execute("SELECT number FROM bench")}
    return first, gap, float(len({number for _, number in writer.commits} - there))


def _wait_for_stream(client: Any, server: stacks.Server) -> None:
    deadline = time.monotonic() + _STREAMS_SECONDS
    while not any(one.receiving == "streaming" for one in members.look(client, server)):
        if time.monotonic() > deadline:
            raise RuntimeError(f"the standby of {PREFIX} doesn't stream")
        time.sleep(0.5)


def _login(told: dict[str, Any], who: str) -> dict[str, Any]:
    """An app's login by the address that leads the host to the primary."""
    secrets, (app,) = told["secrets"], told["databases"]
    parts = urlsplit(secrets["migrate_urls"][app] if who == "migrate" else secrets["urls"][app]["database_url"])
    return {
        "host": told["servers"]["postgres"]["address"],
        "port": parts.port,
        "user": parts.username,
        "password": parts.password,
        "dbname": parts.path.strip("/"),
        "connect_timeout": 2,
    }
