"""A noisy neighbour: what two apps lose while a third one, on the same server, does what it can.

The noisy app has one connection and limits on time and temporary files, which is what a stack file can do about it. It
asks heavy queries that sort on disk, leaves transactions open and tries to open far more connections than it may.
The others run pgbench, alone and beside it in turns, within the same run.
"""

from __future__ import annotations

import json
import re
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import psycopg

from benchmarks import host
from benchmarks.results import Figure, Result
from benchmarks.stackfile import generated
from benchmarks.workspace import Workspace

QUIET, NOISY = ("app0", "app1"), "app2"
ROUNDS, SECONDS, CLIENTS = 5, 4, 2
_SCALE: Final = 2
_IMAGE: Final = "data-tier/postgres:17"
_LIMITS: Final = {
    "statement_timeout": "2s", "lock_timeout": "1s", "idle_in_transaction_session_timeout": "3s",
    "work_mem": "1Mi", "temp_file_limit": "32Mi",
}  # fmt: skip
_HEAVY: Final = (
    "SELECT count(*) FROM (SELECT n FROM generate_series(1, 3000000) AS n ORDER BY n DESC OFFSET 1) AS spills",
    "SELECT sum(sqrt(a * b)) FROM generate_series(1, 20000) AS a, generate_series(1, 20000) AS b",
)
_LEAKED: Final = 30
# the 99th percentile in microseconds comes from the log of every transaction, a line each
_PGBENCH: Final = """\
cd /tmp && pgbench -n -b simple-update@1 -b select-only@4 -c {clients} -j 1 -T {seconds} -l 2>&1 || exit 1
cat pgbench_log.* | awk '{{print $3}}' | sort -n >all && echo "p99 $(sed -n "$(($(wc -l <all) * 99 / 100))p" all)\""""


@dataclass(frozen=True)
class Pace:
    """What one app got done: transactions a second, the 99th percentile in milliseconds, failed transactions."""

    rate: float
    p99: float
    failed: int


@dataclass
class Noise:
    """What the noisy app tried, and how it went."""

    asked: int = 0
    ended: int = 0
    refused: int = 0
    connected: int = 0


@dataclass(frozen=True)
class Compared:
    """Each quiet app's paces, alone and beside the noisy one."""

    alone: Mapping[str, list[Pace]]
    beside: Mapping[str, list[Pace]]
    noise: Noise = field(default_factory=Noise)

    @property
    def kept(self) -> dict[str, float]:
        """The part of its throughput that each app kept."""
        return {app: self._ratio(app, "rate") for app in self.alone}

    @property
    def slower(self) -> dict[str, float]:
        """How many times longer the slowest hundredth took."""
        return {app: self._ratio(app, "p99") for app in self.alone}

    def _ratio(self, app: str, name: str) -> float:
        """Each round against the one just before it, because others at work on the machine come and go."""
        pairs = zip(self.alone[app], self.beside[app], strict=True)
        return float(statistics.median(getattr(beside, name) / getattr(alone, name) for alone, beside in pairs))

    @property
    def failed(self) -> int:
        """Failed transactions of the quiet apps."""
        return sum(pace.failed for its in (*self.alone.values(), *self.beside.values()) for pace in its)


def _median(paces: Sequence[Pace], name: str) -> float:
    return float(statistics.median(getattr(pace, name) for pace in paces))


def config() -> dict[str, Any]:
    """The stack of the three apps, the noisy one with one connection and limits."""
    made = generated(3, "unified", capacity=3, services=False)
    made["data-tier:postgres"] |= {"connections": 60, "watchdog": {"interval": "1s"}}
    made["data-tier:apps"] = {app: {"postgres": {"database": app, "connections": 10}} for app in (*QUIET, NOISY)}
    made["data-tier:apps"][NOISY]["postgres"] |= {"connections": 1, "limits": dict(_LIMITS)}
    return made


def compare(client: Any, network: str, address: str, secrets: Mapping[str, Any]) -> Compared:
    """Alone and beside the noise in turns; `secrets` are the stack's, `address` that of its server."""
    urls = {app: its["database_url"] for app, its in secrets["urls"].items()}
    for app in QUIET:
        _fill(client, network, secrets["migrate_urls"][app])
    alone: dict[str, list[Pace]] = {app: [] for app in QUIET}
    beside: dict[str, list[Pace]] = {app: [] for app in QUIET}
    noise = Noise()
    for _ in range(ROUNDS):
        _collect(alone, client, network, urls)
        with _noisy(_at(urls[NOISY], address), noise):
            _collect(beside, client, network, urls)
    return Compared(alone, beside, noise)


def _collect(into: dict[str, list[Pace]], client: Any, network: str, urls: Mapping[str, str]) -> None:
    """All quiet apps at the same time."""

    def run(app: str) -> None:
        into[app].append(_paced(client, network, urls[app]))

    threads = [threading.Thread(target=run, args=(app,)) for app in into]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _fill(client: Any, network: str, url: str) -> None:
    _in_container(client, network, url, f"pgbench -i -q -s {_SCALE} 2>&1")


def _paced(client: Any, network: str, url: str) -> Pace:
    said = _in_container(client, network, url, _PGBENCH.format(clients=CLIENTS, seconds=SECONDS))
    return paced(said)


def paced(said: str) -> Pace:
    """What pgbench and the percentile behind it have said. Raises ValueError where it ended early."""
    rate = re.search(r"^tps = ([0-9.]+)", said, re.MULTILINE)
    failed = re.search(r"^number of failed transactions: ([0-9]+)", said, re.MULTILINE)
    p99 = re.search(r"^p99 ([0-9]+)$", said, re.MULTILINE)
    if not (rate and failed and p99) or "error:" in said:
        raise ValueError(f"pgbench ended early: {said[-500:]}")
    return Pace(rate=float(rate[1]), p99=int(p99[1]) / 1000, failed=int(failed[1]))


def _in_container(client: Any, network: str, url: str, script: str) -> str:
    parts = urlsplit(url)
    its = {
        "PGHOST": parts.hostname or "",
        "PGUSER": parts.username or "",
        "PGPASSWORD": parts.password or "",
        "PGDATABASE": parts.path.strip("/"),
        "PGSSLMODE": "require",
    }
    said: bytes = client.containers.run(
        _IMAGE, ["-c", script], entrypoint="bash", user="postgres", network=network, environment=its, remove=True
    )
    return said.decode()


def _at(url: str, address: str) -> str:
    """An app's URL for a client on the host."""
    parts = urlsplit(url)
    return f"postgresql://{parts.username}:{parts.password}@{address}:{parts.port}{parts.path}?sslmode=require"


@contextmanager
def _noisy(url: str, noise: Noise) -> Iterator[None]:
    over = threading.Event()
    work = [
        threading.Thread(target=_heavy, args=(url, noise, over)),
        threading.Thread(target=_leak, args=(url, noise, over)),
    ]
    for thread in work:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in work:
            thread.join()


def _heavy(url: str, noise: Noise, over: threading.Event) -> None:
    """Queries that sort on disk and compute for hours, one after the other, with its timeout lifted."""
    while not over.is_set():
        try:
            with psycopg.connect(url, connect_timeout=5, autocommit=True) as app:
                app.execute("SET statement_timeout = 0")
                while not over.is_set():
                    _ask(app, noise)
        except psycopg.OperationalError:
            over.wait(0.05)


def _ask(app: psycopg.Connection[Any], noise: Noise) -> None:
    """Every heavy query. Raises OperationalError when the session was ended."""
    for query in _HEAVY:
        noise.asked += 1
        try:
            app.execute(query.encode())
        except (psycopg.errors.QueryCanceled, psycopg.errors.ConfigurationLimitExceeded):
            noise.ended += 1


def _leak(url: str, noise: Noise, over: threading.Event) -> None:
    """Connections that nobody closes, each with a transaction left open, as far as there are any."""
    leaked: list[psycopg.Connection[Any]] = []
    over.wait(1)  # the heavy queries have the first one
    while not over.is_set():
        try:
            if len(leaked) < _LEAKED:
                leaked.append(psycopg.connect(url, connect_timeout=5))
                noise.connected += 1
                leaked[-1].execute("SELECT 1")
        except psycopg.OperationalError:
            noise.refused += 1
        over.wait(0.1)
    for one in leaked:
        one.close()


def measured() -> Result:
    """The part of their throughput that the others keep, and how their slowest hundredth changes."""
    try:
        client = host.cleared()
    except host.NoHostError as error:
        return Result(name="neighbour", figures=[], notes=[str(error)])
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        workspace = Workspace(Path(folder))
        try:
            workspace.configure(config())
            workspace.stack("up", "--yes", "--skip-preview", "--suppress-outputs")
            time.sleep(1)
            return figures(_of_stack(client, workspace))
        finally:
            workspace.stack("destroy", "--yes", "--skip-preview")


def _of_stack(client: Any, workspace: Workspace) -> Compared:
    outputs = json.loads(workspace.stack("stack", "output", "--show-secrets", "--json").out)
    server = outputs["servers"]["postgres"]
    return compare(client, server["network"], server["address"], outputs["secrets"])


def figures(found: Compared) -> Result:
    """The figures; throughput lost as a ratio, so that less is better as for all others."""
    lost = {app: 1 / kept for app, kept in found.kept.items()}
    its = [
        Figure(name="transactions a second alone / beside, worst app", value=max(lost.values()), unit="", target=2.0),
        Figure(name="p99 beside / alone, worst app", value=max(found.slower.values()), unit="", target=5.0),
        Figure(name="failed transactions of the others", value=found.failed, unit="", target=0),
        *(
            Figure(name=f"{app}: {when}", value=_median(paces[app], name), unit=unit)
            for app in QUIET
            for when, paces, name, unit in (
                ("tps alone", found.alone, "rate", "/s"),
                ("tps beside", found.beside, "rate", "/s"),
                ("p99 alone", found.alone, "p99", "ms"),
                ("p99 beside", found.beside, "p99", "ms"),
            )
        ),
    ]
    noise = found.noise
    note = f"the noisy app: {noise.ended} of {noise.asked} heavy queries ended, {noise.refused} connections refused"
    return Result(name="neighbour", figures=its, notes=[note])
