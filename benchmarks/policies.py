"""What the policy pack costs: each resource asked about all rules over the protocol, and the start of the pack.

Of eight resources one is a container, two are roles, two passwords and three grants: about what the dev stack has. The
reference is a pack with one rule that does nothing, started in the same run: what is left is the rules' own. Nothing is
built; no Docker is asked.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle, islice
from pathlib import Path
from typing import Any, Final

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc

from benchmarks.results import Figure, Result
from benchmarks.workspace import REPOSITORY

RESOURCES: Final = 1000
ROUNDS: Final = 5
STARTS: Final = 9
PACK: Final = REPOSITORY / "policies"
_TARGET_MS, _TARGET_START = 1.0, 1.5
_NO_ENGINE: Final = "127.0.0.1:1"
_CONTAINER: Final = "docker:index/container:Container"
_SHARES: Final = {
    _CONTAINER: 1,
    "postgresql:index/role:Role": 2,
    "random:index/randomPassword:RandomPassword": 2,
    "postgresql:index/grant:Grant": 3,
}
_NO_RULES: Final = f"""\
import sys
sys.path.insert(0, {str(REPOSITORY)!r})
from pulumi_policy import PolicyPack, ResourceValidationPolicy
from policies.pack import once_per_request
once_per_request()
nothing = ResourceValidationPolicy("nothing", "Nothing.", lambda args, report: None)
PolicyPack(name="nothing", policies=[nothing])
"""


def measured() -> Result:
    """Rounds of both packs in turns, then pairs of import and start."""
    requests = list(islice(cycle(_mix()), RESOURCES))
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        (Path(folder) / "__main__.py").write_text(_NO_RULES)
        with _started(PACK) as pack, _started(Path(folder)) as nothing:
            rules = len(pack[0].GetAnalyzerInfo(empty_pb2.Empty()).policies)
            containers = [_asked(pack, requests[:1] * RESOURCES)[0] for _ in range(ROUNDS)]
            rounds = [(_asked(nothing, requests), _asked(pack, requests)) for _ in range(ROUNDS + 1)][1:]
    starts = [(_imported(), _start()) for _ in range(STARTS + 1)][1:]  # the first of each fills caches
    return Result(name="policies", figures=[*_analysis(rounds, rules, containers), *_starting(starts)])


def _mix() -> list[analyzer_pb2.AnalyzeRequest]:
    """Resources as the engine sends them, with what a container of the dev stack has."""
    container: dict[str, Any] = {
        "name": "app", "image": "sha256:" + "0" * 64, "restart": "unless-stopped", "memory": 256, "memorySwap": 256,
        "envs": [f"SETTING_{number}=value" for number in range(12)],
        "labels": [{"label": f"data-tier.{key}", "value": "backend"} for key in ("app", "tier", "kind")],
        "healthcheck": {"tests": ["CMD", "true"], "interval": "10s", "timeout": "5s", "retries": 3},
        "networksAdvanced": [{"name": "data-tier-backend"}, {"name": "data-tier-data", "aliases": ["app"]}],
        "ports": [{"internal": 8000, "external": 4003, "ip": "127.0.0.1", "protocol": "tcp"}],
        "capabilities": {"drops": ["ALL"]},
        "mounts": [{"type": "volume", "source": "secrets", "target": "/run/secrets", "readOnly": True}],
    }  # fmt: skip
    role = {"name": "app", "login": True, "connectionLimit": 20, "password": "SCRAM-SHA-256$4096:x", "roles": ["owner"]}
    password = {"length": 40, "special": False, "minLower": 1, "minUpper": 1, "minNumeric": 1}
    grant = {"database": "app", "role": "app", "schema": "public", "objectType": "table", "privileges": ["SELECT"]}
    kinds: dict[str, dict[str, Any]] = {
        _CONTAINER: container,
        "postgresql:index/role:Role": role,
        "random:index/randomPassword:RandomPassword": password,
        "postgresql:index/grant:Grant": grant,
    }
    return [_request(type, properties) for type, properties in kinds.items() for _ in range(_SHARES[type])]


def _request(type: str, properties: dict[str, Any]) -> analyzer_pb2.AnalyzeRequest:
    request = analyzer_pb2.AnalyzeRequest(type=type, name="one", urn=f"urn:pulumi:dev::data-tier::{type}::one")
    request.properties.update(properties)
    request.options.parent = "urn:pulumi:dev::data-tier::pulumi:pulumi:Stack::data-tier-dev"
    return request


@contextmanager
def _started(folder: Path) -> Iterator[tuple[Any, int]]:
    """A pack's stub, and its process's number."""
    command = [sys.executable, "-u", "-m", "pulumi.policy", _NO_ENGINE, str(folder / "__main__.py")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=folder) as process:  # noqa: S603  our own packs
        assert process.stdout is not None  # noqa: S101  made with a pipe above
        with grpc.insecure_channel(f"127.0.0.1:{int(process.stdout.readline())}") as channel:
            yield analyzer_pb2_grpc.AnalyzerStub(channel), process.pid
        process.terminate()


def _asked(pack: tuple[Any, int], requests: list[analyzer_pb2.AnalyzeRequest]) -> tuple[float, float]:
    """Milliseconds for each resource, asked one after the other: on the clock, and the pack's processor time."""
    stub, pid = pack
    began, used = time.perf_counter(), _processor(pid)
    for request in requests:
        stub.Analyze(request)
    each = 1000 / len(requests)
    return (time.perf_counter() - began) * each, (_processor(pid) - used) * each


def _processor(pid: int) -> float:
    """Seconds that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _start() -> float:
    """Seconds until the pack serves."""
    began = time.perf_counter()
    with _started(PACK):
        return time.perf_counter() - began


def _imported() -> float:
    """Seconds for importing its SDK."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import pulumi_policy"], check=True, env=dict(os.environ))
    return time.perf_counter() - began


def _analysis(
    rounds: list[tuple[tuple[float, float], tuple[float, float]]], rules: int, containers: list[float]
) -> list[Figure]:
    bases, wholes = [base for (base, _), _ in rounds], [whole for _, (whole, _) in rounds]
    used = [processor for _, (_, processor) in rounds]
    ratios = [whole / base for base, whole in zip(bases, wholes, strict=True)]
    median = statistics.median
    return [
        Figure(name="a resource, a rule that does nothing", value=median(bases), unit="ms", runs=bases),
        Figure(name=f"a resource, {rules} rules", value=median(wholes), unit="ms", target=_TARGET_MS, runs=wholes),
        Figure(name="the same, processor time of the pack", value=median(used), unit="ms", runs=used),
        Figure(name="a container, the same rules", value=median(containers), unit="ms", runs=containers),
        Figure(name="all rules / a rule that does nothing", value=median(ratios), unit="", runs=ratios),
    ]


def _starting(pairs: list[tuple[float, float]]) -> list[Figure]:
    imports, starts = zip(*pairs, strict=True)
    ratios = [start / base for base, start in pairs]
    median = statistics.median
    return [
        Figure(name="import of the pack's SDK", value=median(imports), unit="s", runs=imports),
        Figure(name="start of the pack", value=median(starts), unit="s", runs=starts),
        Figure(name="start / import", value=median(ratios), unit="", target=_TARGET_START, runs=ratios),
    ]
