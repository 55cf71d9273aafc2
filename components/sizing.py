"""How large a server's parts are, from memory, processors and a declared number of connections.

Pure, and never from the list of apps: a new app must not change a server's command, which would replace it.
"""

from __future__ import annotations

from typing import Final

RESERVED_CONNECTIONS: Final = 10  # superusers, health checks, maintenance
MIGRATION_CONNECTIONS: Final = 5  # per database, for the migrating login
_MEBIBYTES_PER_CONNECTION: Final = 10  # a backend with its caches and a few sorts, rounded up


def default_connections(memory: int) -> int:
    """How many connections a server with `memory` MiB takes when nothing is declared: half the memory, 20 to 400."""
    return max(20, min(400, memory // 2 // _MEBIBYTES_PER_CONNECTION))


def postgres_parameters(*, memory: int, cpu: float, storage: int, connections: int) -> dict[str, str]:
    """PostgreSQL's parameters for `memory` MiB, `cpu` cores, `storage` MiB of data and `connections` at once."""
    cores = max(1, int(cpu))
    return {
        "max_connections": str(connections),
        "superuser_reserved_connections": "5",
        "shared_buffers": f"{memory // 4}MB",
        "effective_cache_size": f"{memory * 5 // 8}MB",
        "maintenance_work_mem": f"{max(16, min(1024, memory // 16))}MB",
        "work_mem": f"{max(1, memory // 4 // connections)}MB",
        "max_wal_size": f"{max(256, min(4096, storage // 10))}MB",
        "temp_file_limit": f"{max(256, storage // 20)}MB",
        "max_worker_processes": str(8 + cores),
        "max_parallel_workers": str(cores),
        "max_parallel_workers_per_gather": str(max(1, cores // 2)),
    }


def shared_memory(memory: int) -> int:
    """MiB of /dev/shm for a PostgreSQL container of `memory` MiB: parallel workers exchange rows through it."""
    return max(64, memory // 4)


def mongo_cache(memory: int) -> str:
    """GiB of WiredTiger's cache for a MongoDB container of `memory` MiB, as mongod takes it: half, at least 0.25.

    The rest is for connections, sorts (100 MiB each) and the compressed blocks in the page cache.
    """
    return f"{max(256, memory // 2) / 1024:g}"


def redis_data(memory: int) -> int:
    """MiB of data for a Redis container of `memory` MiB: a quarter stays free for the copy that a rewrite makes."""
    return memory * 3 // 4
