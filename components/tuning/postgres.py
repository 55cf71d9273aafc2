"""How large the parts of a PostgreSQL server are: one table of rules from its memory, processors, storage and capacity.

Pure, and never from the list of apps: a new app must not change a server's command, which would replace it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from components import sizing
from components.config.models import Postgres
from components.tuning.catalogue import PARAMETERS
from components.tuning.explained import Explained

_MANUAL: Final = "https://www.postgresql.org/docs/current"
_RESOURCE: Final = f"{_MANUAL}/runtime-config-resource.html#GUC-"
_CONNECTION: Final = f"{_MANUAL}/runtime-config-connection.html#GUC-"
_QUERY: Final = f"{_MANUAL}/runtime-config-query.html#GUC-"
_WAL: Final = f"{_MANUAL}/runtime-config-wal.html#GUC-"
_VACUUM: Final = f"{_MANUAL}/runtime-config-vacuum.html#GUC-"
_KIB: Final = 1024
CAPACITY: Final = "max_connections"  # declared as `connections`, because the share of the apps has to fit in it
_LEAST_WORK: Final = 64  # kB: PostgreSQL takes no less


@dataclass(frozen=True, kw_only=True)
class Given:
    """What the sizes follow from: memory and storage in MiB, processors, connections at once."""

    memory: int
    cpu: float
    storage: int
    connections: int
    declared: bool = True

    @property
    def cores(self) -> int:
        """Whole processors, one at least."""
        return max(1, int(self.cpu))

    @classmethod
    def of(cls, server: Postgres) -> Given:
        """That of a server in the stack file."""
        memory = server.resources.memory
        return cls(
            memory=memory,
            cpu=server.resources.cpu,
            storage=server.storage,
            connections=server.connections or sizing.default_connections(memory),
            declared=server.connections is not None,
        )


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One parameter: its value, the formula with its numbers, and the page that it comes from."""

    name: str
    value: Callable[[Given], str]
    says: Callable[[Given], str]
    page: str


def _capacity(given: Given) -> str:
    if given.declared:
        return "connections of the server, as declared"
    return f"half of {given.memory} MiB, 10 MiB each; 20 to 400"


def _work_mem(given: Given) -> int:
    """In kB."""
    return max(_LEAST_WORK, given.memory * _KIB // 4 // given.connections)


def _maintenance(given: Given) -> int:
    return max(8, min(1024, given.memory // 16))


def _vacuum_memory(given: Given) -> int:
    return max(4, min(512, given.memory // 32))


def _vacuum_workers(given: Given) -> int:
    return max(2, min(6, given.cores + 1))


def _wal(given: Given) -> int:
    return max(256, min(4096, given.storage // 10))


def _size(kilobytes: int) -> str:
    return f"{kilobytes // _KIB}MB" if kilobytes % _KIB == 0 or kilobytes > 64 * _KIB else f"{kilobytes}kB"


RULES: Final[tuple[Rule, ...]] = (
    Rule(
        name=CAPACITY,
        value=lambda given: str(given.connections),
        says=_capacity,
        page=f"{_CONNECTION}MAX-CONNECTIONS",
    ),
    Rule(
        name="superuser_reserved_connections",
        value=lambda _: "5",
        says=lambda _: "5, so that the admin gets in when all others are taken",
        page=f"{_CONNECTION}SUPERUSER-RESERVED-CONNECTIONS",
    ),
    Rule(
        name="shared_buffers",
        value=lambda given: f"{given.memory // 4}MB",
        says=lambda given: f"a quarter of {given.memory} MiB",
        page=f"{_RESOURCE}SHARED-BUFFERS",
    ),
    Rule(
        name="effective_cache_size",
        value=lambda given: f"{given.memory * 5 // 8}MB",
        says=lambda given: f"5/8 of {given.memory} MiB: shared buffers and the kernel's cache",
        page=f"{_QUERY}EFFECTIVE-CACHE-SIZE",
    ),
    Rule(
        name="work_mem",
        value=lambda given: _size(_work_mem(given)),
        says=lambda given: f"a quarter of {given.memory} MiB by {given.connections} connections; 64 kB at least",
        page=f"{_RESOURCE}WORK-MEM",
    ),
    Rule(
        name="maintenance_work_mem",
        value=lambda given: f"{_maintenance(given)}MB",
        says=lambda given: f"1/16 of {given.memory} MiB; 8 MB to 1 GB",
        page=f"{_RESOURCE}MAINTENANCE-WORK-MEM",
    ),
    Rule(
        name="autovacuum_max_workers",
        value=lambda given: str(_vacuum_workers(given)),
        says=lambda given: f"{given.cores} processors and one; 2 to 6",
        page=f"{_VACUUM}AUTOVACUUM-MAX-WORKERS",
    ),
    Rule(
        name="autovacuum_work_mem",
        value=lambda given: f"{_vacuum_memory(given)}MB",
        says=lambda given: f"1/32 of {given.memory} MiB for each of {_vacuum_workers(given)} workers; 4 MB to 512 MB",
        page=f"{_RESOURCE}AUTOVACUUM-WORK-MEM",
    ),
    Rule(
        name="max_wal_size",
        value=lambda given: f"{_wal(given)}MB",
        says=lambda given: f"a tenth of {given.storage} MiB of storage; 256 MB to 4 GB",
        page=f"{_WAL}MAX-WAL-SIZE",
    ),
    Rule(
        name="min_wal_size",
        value=lambda given: f"{max(80, _wal(given) // 4)}MB",
        says=lambda _: "a quarter of max_wal_size; 80 MB at least",
        page=f"{_WAL}MIN-WAL-SIZE",
    ),
    Rule(
        name="temp_file_limit",
        value=lambda given: f"{max(256, given.storage // 20)}MB",
        says=lambda given: f"1/20 of {given.storage} MiB of storage for one session; 256 MB at least",
        page=f"{_RESOURCE}TEMP-FILE-LIMIT",
    ),
    Rule(
        name="max_worker_processes",
        value=lambda given: str(8 + given.cores),
        says=lambda given: f"8 and {given.cores} processors",
        page=f"{_RESOURCE}MAX-WORKER-PROCESSES",
    ),
    Rule(
        name="max_parallel_workers",
        value=lambda given: str(given.cores),
        says=lambda given: f"{given.cores} processors",
        page=f"{_RESOURCE}MAX-PARALLEL-WORKERS",
    ),
    Rule(
        name="max_parallel_workers_per_gather",
        value=lambda given: str(given.cores // 2),
        says=lambda given: f"half of {given.cores} processors, so that one query leaves others some; none of one",
        page=f"{_RESOURCE}MAX-PARALLEL-WORKERS-PER-GATHER",
    ),
    Rule(
        name="max_parallel_maintenance_workers",
        value=lambda given: str(given.cores // 2),
        says=lambda given: f"half of {given.cores} processors; none of one",
        page=f"{_RESOURCE}MAX-PARALLEL-MAINTENANCE-WORKERS",
    ),
    Rule(
        name="random_page_cost",
        value=lambda _: "1.1",
        says=lambda _: "1.1 for solid-state storage, where a page elsewhere costs hardly more; 4 for disks that turn",
        page=f"{_QUERY}RANDOM-PAGE-COST",
    ),
    Rule(
        name="effective_io_concurrency",
        value=lambda _: "200",
        says=lambda _: "200 for solid-state storage; 2 for disks that turn",
        page=f"{_RESOURCE}EFFECTIVE-IO-CONCURRENCY",
    ),
    Rule(
        name="compute_query_id",
        value=lambda _: "on",
        says=lambda _: "on, so that a query can be named without its text",
        page=f"{_MANUAL}/runtime-config-statistics.html#GUC-COMPUTE-QUERY-ID",
    ),
    Rule(
        name="jit",
        value=lambda _: "off",
        says=lambda _: "off: apps ask many short queries, which compiling makes slower",
        page=f"{_MANUAL}/jit-decision.html",
    ),
)


def explain(server: Postgres, keys: Mapping[str, str] | None = None) -> list[Explained]:
    """Every parameter that a server is started with; `keys` says by parameter where the stack file declares it."""
    given, found, keys = Given.of(server), {}, keys or {}
    for rule in RULES:
        declared = rule.name == CAPACITY and given.declared
        source = keys.get(CAPACITY, "data-tier:postgres.connections") if declared else rule.page
        found[rule.name] = Explained(name=rule.name, value=rule.value(given), rule=rule.says(given), source=source)
    for name, value in sorted(server.parameters.items()):
        instead = f", instead of {found[name].value} ({found[name].rule})" if name in found else ""
        source = keys.get(name, f"data-tier:postgres.parameters.{name}")
        found[name] = Explained(name=name, value=value, rule=f"declared{instead}", source=source)
    return list(found.values())


def parameters(server: Postgres) -> dict[str, str]:
    """PostgreSQL's parameters for a server: what the rules say, and what the stack file says instead."""
    return {one.name: one.value for one in explain(server)}


def memory_at_most(server: Postgres, sessions: int) -> dict[str, int]:
    """The most that each part of the server's own memory comes to, in kB, by the parameter that decides it.

    One operation for each of `sessions`: a query with several sorts takes more. Raises ValueError for a value that
    PostgreSQL wouldn't take.
    """
    found = parameters(server)
    number = {name: int(PARAMETERS[name].read(found[name])) for name in _OF_MEMORY}
    vacuum = number["autovacuum_work_mem"]
    return {
        "shared_buffers": number["shared_buffers"],
        "work_mem": number["work_mem"] * sessions,
        "maintenance_work_mem": number["maintenance_work_mem"],
        "autovacuum_work_mem": (number["maintenance_work_mem"] if vacuum < 0 else vacuum)
        * number["autovacuum_max_workers"],
    }


_OF_MEMORY: Final = (
    "shared_buffers", "work_mem", "maintenance_work_mem", "autovacuum_work_mem", "autovacuum_max_workers",
)  # fmt: skip
