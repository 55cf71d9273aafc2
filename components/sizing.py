"""Sizes that several parts of the program share. Pure; the parameters of servers belong to `tuning`."""

from __future__ import annotations

from typing import Final

RESERVED_CONNECTIONS: Final = 10  # superusers, health checks, maintenance
MIGRATION_CONNECTIONS: Final = 5  # per database, for the migrating login
POOLER_LOOK_UPS: Final = 3  # connections over which a pooler looks up who logs in
POOLER_CONNECTIONS: Final = 2 * POOLER_LOOK_UPS  # while it is replaced, the old one's are still there
_KIBIBYTES_PER_CLIENT: Final = 64  # of a pooler: buffers and prepared statements, rounded up
_MEBIBYTES_PER_CONNECTION: Final = 10  # a backend with its caches and a few sorts, rounded up


def default_connections(memory: int) -> int:
    """How many connections a server with `memory` MiB takes when nothing is declared: half the memory, 20 to 400."""
    return max(20, min(400, memory // 2 // _MEBIBYTES_PER_CONNECTION))


def default_pool(connections: int) -> int:
    """The pool of a database whose app's own isn't known yet, on a server that takes `connections`."""
    return max(1, min(20, (connections - RESERVED_CONNECTIONS - POOLER_CONNECTIONS) // 2))


def pooler_memory(clients: int) -> int:
    """MiB for a pooler's container."""
    return 64 + clients * _KIBIBYTES_PER_CLIENT // 1024


def shared_memory(memory: int) -> int:
    """MiB of /dev/shm for a PostgreSQL container of `memory` MiB: parallel workers exchange rows through it."""
    return max(64, memory // 4)


def redis_data(memory: int) -> int:
    """MiB of data for a Redis container of `memory` MiB: a quarter stays free for the copy that a rewrite makes."""
    return memory * 3 // 4
