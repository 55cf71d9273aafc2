"""What monitoring costs: processor time of a scrape, and the transactions of a server that is watched and that isn't.

One stack; for the pairs Prometheus and the exporters are paused and let go on by turns, so that everything else stays
as it is.
"""

from __future__ import annotations

import math
import re
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from benchmarks import host
from benchmarks.results import Figure, Result
from benchmarks.stackfile import PREFIX, generated
from benchmarks.workspace import Workspace

_SCRAPE: Final = 5  # seconds; three times as often as by default
_SCRAPES: Final = 24
_PAIRS: Final = 10
_SECONDS: Final = 15  # of pgbench
_CLIENTS: Final = 4
_T: Final = 2.262  # Student's t for 9 degrees of freedom, 95 %
_NANO: Final = 1e9
_TPS: Final = re.compile(r"tps = ([0-9.]+)")
_SERVER: Final = f"{PREFIX}-postgres-unified"


def measured() -> Result:
    """Seconds of processor time for each scrape, and what is lost of the transactions, with its interval."""
    try:
        client = host.cleared()
    except host.NoHostError as error:
        return Result(name="monitoring", figures=[], notes=[str(error)])
    config = generated(1, "unified", capacity=5, services=False)
    config["data-tier:monitoring"] = {"scrape": f"{_SCRAPE}s"}
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        workspace = Workspace(Path(folder))
        try:
            workspace.configure(config)
            workspace.stack("up", "--yes", "--skip-preview", "--suppress-outputs")
            watching = _watching(client)
            figures = [*_processor(watching), *_transactions(client, watching)]
        finally:
            workspace.stack("destroy", "--yes", "--skip-preview")
    return Result(name="monitoring", figures=figures)


def _watching(client: Any) -> list[Any]:
    found = client.containers.list(filters={"label": f"data-tier.stack={PREFIX}"})
    return [one for one in found if one.labels.get("data-tier.component") in {"exporter", "prometheus"}]


def _processor(watching: list[Any]) -> list[Figure]:
    time.sleep(3 * _SCRAPE)  # starting is no scrape
    before = {one.name: _used(one) for one in watching}
    time.sleep(_SCRAPES * _SCRAPE)
    spent = {one.name: (_used(one) - before[one.name]) / _SCRAPES for one in watching}
    each = [
        Figure(name=f"processor time of a scrape: {name.removeprefix(f'{PREFIX}-')}", value=value * 1000, unit="ms")
        for name, value in sorted(spent.items())
    ]
    return [*each, Figure(name="processor time of a scrape, all", value=sum(spent.values()) * 1000, unit="ms")]


def _used(container: Any) -> float:
    """Seconds of processor time since it was started, from its control group."""
    return float(container.stats(stream=False)["cpu_stats"]["cpu_usage"]["total_usage"]) / _NANO


def _transactions(client: Any, watching: list[Any]) -> list[Figure]:
    server = client.containers.get(_SERVER)
    _run(server, "pgbench -q -U admin -i -s 10 app0")
    _tps(server)  # the first one finds nothing in memory
    watched: list[float] = []
    alone: list[float] = []
    for number in range(_PAIRS):
        for paused in (number % 2 == 0, number % 2 == 1):
            for one in watching if paused else ():
                one.pause()
            try:
                (alone if paused else watched).append(_tps(server))
            finally:
                for one in watching if paused else ():
                    one.unpause()
    lost = [(without - beside) / without * 100 for without, beside in zip(alone, watched, strict=True)]
    half = _T * statistics.stdev(lost) / math.sqrt(len(lost))
    mean = statistics.mean(lost)
    return [
        Figure(name="pgbench, watched", value=statistics.mean(watched), unit="/s", runs=watched),
        Figure(name="pgbench, not watched", value=statistics.mean(alone), unit="/s", runs=alone),
        Figure(name="transactions lost by it: mean of the pairs", value=mean, unit="%", runs=lost),
        Figure(name="transactions lost by it: 95 % interval from", value=mean - half, unit="%"),
        Figure(name="transactions lost by it: 95 % interval to", value=mean + half, unit="%"),
    ]


def _tps(server: Any) -> float:
    found = _TPS.search(_run(server, f"pgbench -n -U admin -c {_CLIENTS} -j 2 -T {_SECONDS} app0"))
    if found is None:
        raise RuntimeError("pgbench tells no transactions a second")
    return float(found[1])


def _run(server: Any, command: str) -> str:
    code, said = server.exec_run(["sh", "-c", command], user="postgres")
    if code:
        raise RuntimeError(f"{command} failed: {said.decode()}")
    return str(said.decode())
