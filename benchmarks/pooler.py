"""What the pooler costs and what it saves: pgbench through it and beside it, and the memory of idle clients.

TPC-B compares the unified shape behind its pooler with servers of their own without one, at the same number of clients
in all and the same memory for the servers in all, in one run. Owns the figures; stack files belong to `stackfile`.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import statistics
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import psycopg

from benchmarks import cgroups, host
from benchmarks.results import Figure, Result
from benchmarks.stackfile import PREFIX, generated
from benchmarks.workspace import Workspace

_APPS: Final = 2  # of each shape
_SHARED: Final = ("app0", "app1")  # the others have servers of their own
_CLIENTS: Final = 50  # in all
_IDLE: Final = 1000
_POOL: Final = 8  # server connections of each app: a few for each processor
_SECONDS: Final = 15
_RUNS: Final = 3
_SCALE: Final = 10
_MEMORY: Final = 1024  # MiB of all servers together
_TPS: Final = re.compile(r"tps = ([0-9.]+)")
_LOWEST_READS: Final = 0.6
_LOWEST_WRITES: Final = 1.0
_MOST_MEMORY: Final = 300
_AT_ONCE: Final = 50


@dataclass(frozen=True)
class _Place:
    """Where pgbench connects as one app."""

    host: str
    port: int
    user: str
    password: str
    database: str


def measured() -> Result:
    """Throughput through the pooler against direct, TPC-B of both shapes, and what a thousand idle clients hold."""
    try:
        client = host.cleared()
    except host.NoHostError as error:
        return Result(name="pooler", figures=[], notes=[str(error)])
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        workspace = Workspace(Path(folder))
        try:
            workspace.configure(_settings())
            workspace.stack("up", "--yes", "--skip-preview", "--suppress-outputs")
            told = json.loads(workspace.stack("stack", "output", "--json", "--show-secrets").out)
            _fill(told)
            figures = [*_memory(client, told), *_reads(told), *_writes(told)]
        finally:
            workspace.stack("destroy", "--yes", "--skip-preview")
    return Result(name="pooler", figures=figures)


def _settings() -> dict[str, Any]:
    """Apps without services, half of them on the shared server, the others on their own with a share of its size."""
    config = generated(2 * _APPS, "unified", capacity=_APPS, services=False)
    cores = os.cpu_count() or 2
    config["data-tier:network"]["data"]["apps"] = "10.232.0.0/16"
    config["data-tier:postgres"] |= {
        "connections": 150,
        "resources": {"memory": f"{_MEMORY}Mi", "cpu": cores},
        "pooler": {"clients": _IDLE, "pool": _POOL, "cpu": cores},  # as the servers: a process for each core
    }
    share = {"resources": {"memory": f"{_MEMORY // _APPS}Mi", "cpu": cores / _APPS}}
    for name, app in config["data-tier:apps"].items():
        app["postgres"] |= {"connections": _POOL, "direct": _CLIENTS // _APPS}  # direct ones for the comparison
        app.pop("redis")
        if name not in _SHARED:
            app["dedicated"] = True
            app["postgres"]["server"] = share
    return config


def _memory(client: Any, told: Mapping[str, Any]) -> list[Figure]:
    pooler, growth = asyncio.run(_idle_memory(client, _place(told, "app0")))
    return [
        Figure(name=f"{_IDLE} idle clients: pooler", value=pooler, unit="MiB"),
        Figure(name=f"{_IDLE} idle clients: all servers, above none", value=growth, unit="MiB", target=_MOST_MEMORY),
    ]


def _reads(told: Mapping[str, Any]) -> list[Figure]:
    """Select-only, a client for each server connection of the pool: what the way through the pooler costs."""
    load = ("-S", "-n", "-M", "prepared", "-c", str(_POOL), "-j", str(os.cpu_count() or 2), "-T", str(_SECONDS))
    pooled, direct = _place(told, "app0"), _place(told, "app0", pooled=False)
    pairs = [(_tps(_pgbench(pooled, *load)), _tps(_pgbench(direct, *load))) for _ in range(_RUNS)]
    return _compared("pgbench -S", ("pooler", "direct"), pairs, _LOWEST_READS)


def _writes(told: Mapping[str, Any]) -> list[Figure]:
    """TPC-B of all apps of a shape at once, by the same number of clients in all."""
    own = [app for app in told["databases"] if app not in _SHARED]
    pairs = [(_once(told, _SHARED, pooled=True), _once(told, own, pooled=False)) for _ in range(_RUNS)]
    return _compared("TPC-B", ("unified with pooler", "isolated without"), pairs, _LOWEST_WRITES)


def _compared(what: str, names: tuple[str, str], pairs: Sequence[tuple[float, float]], lowest: float) -> list[Figure]:
    """Both sides' medians and that of their ratios, run by run: whoever else is at work disturbs both alike."""
    ratios = [one / other for one, other in pairs]
    sides = [
        Figure(name=f"{what} {name}", value=statistics.median(runs), unit="tps", runs=runs)
        for name, runs in zip(names, map(list, zip(*pairs, strict=True)), strict=True)
    ]
    ratio = Figure(
        name=f"{what} {names[0]} / {names[1]}", value=statistics.median(ratios), unit="", lowest=lowest, runs=ratios
    )
    return [*sides, ratio]


def _place(told: Mapping[str, Any], app: str, *, pooled: bool = True, migrate: bool = False) -> _Place:
    secrets = told["secrets"]
    urls = secrets["urls"][app]
    url = secrets["migrate_urls"][app] if migrate else urls["database_url"]
    if not pooled:
        url = urls.get("database_direct_url", url)
    parts = urlsplit(url)
    named = [its for kind in ("servers", "poolers") for its in told[kind].values()]
    address = next(its["address"] for its in named if its["name"] == parts.hostname)
    return _Place(address, parts.port or 0, parts.username or "", parts.password or "", parts.path.strip("/"))


def _fill(told: Mapping[str, Any]) -> None:
    for app in told["databases"]:
        _pgbench(_place(told, app, migrate=True), "-i", "-q", "-s", str(_SCALE)).communicate(timeout=300)


def _once(told: Mapping[str, Any], apps: Sequence[str], *, pooled: bool) -> float:
    load = ("-n", "-M", "prepared", *_load(_CLIENTS // _APPS))
    running = [_pgbench(_place(told, app, pooled=pooled), *load) for app in apps]
    return sum(_tps(one) for one in running)


def _load(clients: int) -> Sequence[str]:
    """A thread for each client: pgbench prepares statements while its thread waits, so that a client which waits for a
    server connection would keep those in the same thread from giving theirs back.
    """
    return ("-c", str(clients), "-j", str(clients), "-T", str(_SECONDS))


def _pgbench(place: _Place, *arguments: str) -> subprocess.Popen[str]:
    """The host's own pgbench, as the clients' side of it; the password goes in by the environment."""
    where = {"PGHOST": place.host, "PGPORT": str(place.port), "PGUSER": place.user, "PGDATABASE": place.database}
    return subprocess.Popen(  # noqa: S603
        ["pgbench", *arguments],  # noqa: S607
        env={**os.environ, **where, "PGPASSWORD": place.password},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _tps(run: subprocess.Popen[str]) -> float:
    try:
        said = run.communicate(timeout=_SECONDS * 4)[0]
    finally:
        run.kill()
    found = _TPS.search(said)
    if run.returncode or found is None:
        raise RuntimeError(f"pgbench failed:\n{said}")
    return float(found[1])


async def _idle_memory(client: Any, place: _Place) -> tuple[float, float]:
    """MiB held by the pooler with idle clients that have each asked once, and what all containers hold more by them."""
    at_once, connected = asyncio.Semaphore(_AT_ONCE), []

    async def one() -> None:
        async with at_once:
            connection = await psycopg.AsyncConnection.connect(
                host=place.host,
                port=place.port,
                user=place.user,
                password=place.password,
                dbname=place.database,
                autocommit=True,
            )
            connected.append(connection)
            await connection.execute("SELECT 1")

    running = client.containers.list(filters={"label": f"data-tier.stack={PREFIX}"})
    before = cgroups.of(running).held
    try:
        await asyncio.gather(*(one() for _ in range(_IDLE)))
        pooler = [
            it
            for it in running
            if it.labels.get("data-tier.component") == "pgbouncer" and not it.labels.get("data-tier.app")
        ]
        return cgroups.of(pooler).held, cgroups.of(running).held - before
    finally:
        for connection in connected:
            await connection.close()
