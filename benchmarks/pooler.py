"""What the pooler costs and what it saves: pgbench through it and beside it, and the memory of idle clients.

TPC-B compares the unified shape behind its pooler with servers of their own without one, at the same number of clients
in all and the same memory for the servers in all, in one run. Owns the figures; stack files belong to `stackfile`.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
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
from benchmarks.stackfile import Shape, generated
from benchmarks.workspace import Workspace

_APPS: Final = 2
_CLIENTS: Final = 50  # in all
_IDLE: Final = 1000
_POOL: Final = 20
_SECONDS: Final = 20
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
    figures = _unified(client)
    isolated = _shape("isolated", lambda told, workspace: _writes(told))
    unified = next(figure for figure in figures if figure.name == "TPC-B unified with pooler")
    ratio = unified.value / isolated if isolated else 0.0
    return Result(
        name="pooler",
        figures=[
            *figures,
            Figure(name="TPC-B isolated without pooler", value=isolated, unit="tps"),
            Figure(name="TPC-B unified with pooler / isolated", value=ratio, unit="", lowest=_LOWEST_WRITES),
        ],
    )


def _unified(client: Any) -> list[Figure]:
    def all_of_them(told: Mapping[str, Any], workspace: Workspace) -> list[Figure]:
        _fill(told)
        pooled, direct = _place(told, "app0"), _place(told, "app0", pooled=False)
        pairs = [(_reads(pooled), _reads(direct)) for _ in range(_RUNS)]
        ratios = sorted(one / other for one, other in pairs)
        writes = _writes(told, filled=True)
        memory = asyncio.run(_idle_memory(client, pooled))
        return [
            Figure(name="pgbench -S through the pooler", value=max(one for one, _ in pairs), unit="tps"),
            Figure(name="pgbench -S direct", value=max(other for _, other in pairs), unit="tps"),
            Figure(
                name="pgbench -S pooler / direct",
                value=ratios[len(ratios) // 2],
                unit="",
                lowest=_LOWEST_READS,
                runs=ratios,
            ),
            Figure(name="TPC-B unified with pooler", value=writes, unit="tps"),
            Figure(name=f"{_IDLE} idle clients, pooler", value=memory[0], unit="MiB"),
            Figure(name=f"{_IDLE} idle clients, in all", value=memory[1], unit="MiB", target=_MOST_MEMORY),
        ]

    return _shape("unified", all_of_them)


def _shape(shape: Shape, measure: Any) -> Any:
    """What `measure` finds in a stack of this shape."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        workspace = Workspace(Path(folder))
        try:
            workspace.configure(_settings(shape))
            workspace.stack("up", "--yes", "--skip-preview", "--suppress-outputs")
            told = json.loads(workspace.stack("stack", "output", "--json", "--show-secrets").out)
            return measure(told, workspace)
        finally:
            workspace.stack("destroy", "--yes", "--skip-preview")


def _settings(shape: Shape) -> dict[str, Any]:
    """Apps without services. In the isolated shape each server has its share of the memory and processors."""
    config = generated(_APPS, shape, capacity=_APPS, services=False)
    share = 1 if shape == "unified" else _APPS
    server = config["data-tier:postgres"]
    server |= {
        "connections": 150,
        "resources": {"memory": f"{_MEMORY // share}Mi", "cpu": (os.cpu_count() or 2) / share},
    }
    if shape == "unified":
        server["pooler"] = {"clients": _IDLE, "pool": _POOL}
    for app in config["data-tier:apps"].values():
        app["postgres"]["connections"] = 60
        if shape == "unified":
            app["postgres"] |= {"connections": _POOL, "direct": _POOL}
        app.pop("redis")
    return config


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
    for number in range(_APPS):
        _pgbench(_place(told, f"app{number}", migrate=True), "-i", "-q", "-s", str(_SCALE)).wait(timeout=300)


def _reads(place: _Place) -> float:
    """Select-only, clients at work all the time, one for each server connection of the pool."""
    return _tps(_pgbench(place, "-S", "-n", "-M", "prepared", *_load(_POOL)))


def _writes(told: Mapping[str, Any], *, filled: bool = False) -> float:
    """TPC-B of all apps at once, by the clients in all shared among them; the best run."""
    if not filled:
        _fill(told)
    return max(_once(told) for _ in range(_RUNS))


def _once(told: Mapping[str, Any]) -> float:
    load = ("-n", "-M", "prepared", *_load(_CLIENTS // _APPS))
    running = [_pgbench(_place(told, f"app{number}"), *load) for number in range(_APPS)]
    return sum(_tps(one) for one in running)


def _load(clients: int) -> Sequence[str]:
    return ("-c", str(clients), "-j", "1", "-T", str(_SECONDS))


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
    said = run.communicate(timeout=_SECONDS * 5)[0]
    found = _TPS.search(said)
    if run.returncode or found is None:
        raise RuntimeError(f"pgbench failed:\n{said}")
    return float(found[1])


async def _idle_memory(client: Any, place: _Place) -> tuple[float, float]:
    """MiB held by the pooler with idle clients that have each asked once, and by all containers of the stack."""
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

    try:
        await asyncio.gather(*(one() for _ in range(_IDLE)))
        running = client.containers.list(filters={"label": "data-tier.stack=bench"})
        pooler = [it for it in running if it.labels.get("data-tier.component") == "pgbouncer"]
        return cgroups.of(pooler).held, cgroups.of(running).held
    finally:
        for connection in connected:
            await connection.close()
