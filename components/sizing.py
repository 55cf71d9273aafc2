"""Sizes that several parts of the program share. Pure; the parameters of servers belong to `tuning`."""

from __future__ import annotations

from typing import Final

SUPERUSER_CONNECTIONS: Final = 5  # superuser_reserved_connections
MONITORING_CONNECTIONS: Final = 2  # health checks, `operate status`
MAINTENANCE_CONNECTIONS: Final = 3  # the provider, dumps
# standbys count in max_wal_senders, apart from max_connections, since PostgreSQL 12
RESERVED_CONNECTIONS: Final = SUPERUSER_CONNECTIONS + MONITORING_CONNECTIONS + MAINTENANCE_CONNECTIONS
MIGRATION_CONNECTIONS: Final = 5  # per database, for the migrating login
PROVIDER_CONNECTIONS: Final = 4  # of the provider on a server outside of the stack, whose own number isn't known
# per database, for an admin that is no superuser, whom limits hold for as well: the provider, commands, a dump
ADMIN_CONNECTIONS: Final = PROVIDER_CONNECTIONS + 4
_KIBIBYTES_PER_CLIENT: Final = 128  # of a pooler: buffers, TLS and prepared statements, rounded up
_MEBIBYTES_PER_CONNECTION: Final = 10  # a backend with its caches and a few sorts, rounded up


def default_connections(memory: int) -> int:
    """How many connections a server with `memory` MiB takes when nothing is declared: half the memory, 20 to 400."""
    return max(20, min(400, memory // 2 // _MEBIBYTES_PER_CONNECTION))


def default_pool(connections: int) -> int:
    """The pool of a database whose app's own isn't known yet, on a server that takes `connections`."""
    return max(1, min(20, connections // 4))


def pooler_memory(clients: int, processes: int) -> int:
    """MiB for a pooler's container."""
    return 48 + 16 * processes + clients * _KIBIBYTES_PER_CLIENT // 1024


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
