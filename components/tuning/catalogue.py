"""The parameters of PostgreSQL that a stack file may set, with the values that the server takes.

By list: what this project decides itself (files, addresses, TLS, authentication, WAL for standbys and backups, what
is logged) isn't in it, and neither is what would reach every session of the admin too. All of them are in PostgreSQL 14
and later. Ranges are those of pg_settings; sizes are kB, times milliseconds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["size", "time", "integer", "real", "bool"]
Number = int | float | bool

_WRITTEN: Final = re.compile(r"(-?[0-9]+(?:\.[0-9]+)?)([A-Za-z]*)")
_SIZES: Final = {"kB": 1, "MB": 1024, "GB": 1024**2, "TB": 1024**3}
_TIMES: Final = {"ms": 1, "s": 1000, "min": 60_000, "h": 3_600_000, "d": 86_400_000}
_BOOLS: Final = {"on": True, "off": False}
_INT: Final = 2**31 - 1


@dataclass(frozen=True)
class Parameter:
    """One parameter: its kind, and what it may be. `special` is a number without unit that means something else."""

    kind: Kind
    least: float = 0
    most: float = _INT
    special: int | None = None

    @property
    def form(self) -> str:
        """What its values look like, for a message."""
        forms = {
            "size": "a whole number with kB, MB or GB",
            "time": "a whole number with ms, s, min or h",
            "integer": f"a whole number from {self.least:g} to {self.most:g}",
            "real": f"a number from {self.least:g} to {self.most:g}",
            "bool": "true or false",
        }
        return forms[self.kind] + ("" if self.special is None else f", or {self.special}")

    def read(self, text: str) -> Number:
        """The value as a number, in kB or milliseconds. Raises ValueError for what the server wouldn't take."""
        if self.kind == "bool":
            return _bool(text)
        match = _WRITTEN.fullmatch(text)
        if match is None:
            raise ValueError(text)
        number, unit = float(match[1]), match[2]
        if not unit and number == self.special:
            return int(number)
        units = {"size": _SIZES, "time": _TIMES}.get(self.kind, {"": 1})
        if unit not in units or ("." in match[1] and self.kind != "real"):
            raise ValueError(text)
        number *= units[unit]
        if not self.least <= number <= self.most:
            raise ValueError(text)
        return number if self.kind == "real" else int(number)


def _bool(text: str) -> bool:
    if text not in _BOOLS:
        raise ValueError(text)
    return _BOOLS[text]


def _fraction() -> Parameter:
    return Parameter("real", 0, 100)


def _cost() -> Parameter:
    return Parameter("real", 0, 1e10)


PARAMETERS: Final[dict[str, Parameter]] = {
    # memory
    "shared_buffers": Parameter("size", 128, (2**30 - 1) * 8),
    "work_mem": Parameter("size", 64),
    "hash_mem_multiplier": Parameter("real", 1, 1000),
    "maintenance_work_mem": Parameter("size", 1024),
    "autovacuum_work_mem": Parameter("size", 1024, special=-1),
    "logical_decoding_work_mem": Parameter("size", 64),
    "temp_buffers": Parameter("size", 800),
    "effective_cache_size": Parameter("size", 8, _INT * 8),
    "max_stack_depth": Parameter("size", 100, 7168),
    # disk
    "temp_file_limit": Parameter("size", 0, special=-1),
    "effective_io_concurrency": Parameter("integer", 0, 1000),
    "maintenance_io_concurrency": Parameter("integer", 0, 1000),
    # workers
    "max_worker_processes": Parameter("integer", 0, 262143),
    "max_parallel_workers": Parameter("integer", 0, 1024),
    "max_parallel_workers_per_gather": Parameter("integer", 0, 1024),
    "max_parallel_maintenance_workers": Parameter("integer", 0, 1024),
    # write-ahead log and checkpoints
    "max_wal_size": Parameter("size", 2048, _INT * 1024),
    "min_wal_size": Parameter("size", 2048, _INT * 1024),
    "wal_buffers": Parameter("size", 32, 2_097_144, special=-1),
    "wal_compression": Parameter("bool"),
    "wal_writer_delay": Parameter("time", 1, 10_000),
    "checkpoint_timeout": Parameter("time", 30_000, 86_400_000),
    "checkpoint_completion_target": Parameter("real", 0, 1),
    "synchronous_commit": Parameter("bool"),
    "commit_delay": Parameter("integer", 0, 100_000),
    "commit_siblings": Parameter("integer", 0, 1000),
    "bgwriter_delay": Parameter("time", 10, 10_000),
    "bgwriter_lru_maxpages": Parameter("integer", 0, 2**30 - 1),
    "bgwriter_lru_multiplier": Parameter("real", 0, 10),
    # planner
    "random_page_cost": _cost(),
    "seq_page_cost": _cost(),
    "cpu_tuple_cost": _cost(),
    "cpu_index_tuple_cost": _cost(),
    "cpu_operator_cost": _cost(),
    "parallel_setup_cost": _cost(),
    "parallel_tuple_cost": _cost(),
    "default_statistics_target": Parameter("integer", 1, 10_000),
    "from_collapse_limit": Parameter("integer", 1),
    "join_collapse_limit": Parameter("integer", 1),
    "geqo_threshold": Parameter("integer", 2),
    "enable_partitionwise_join": Parameter("bool"),
    "enable_partitionwise_aggregate": Parameter("bool"),
    "jit": Parameter("bool"),
    "jit_above_cost": Parameter("real", 0, 1e10, special=-1),
    # vacuum
    "autovacuum_max_workers": Parameter("integer", 1, 262143),
    "autovacuum_naptime": Parameter("time", 1000, 2_147_483_000),
    "autovacuum_vacuum_threshold": Parameter("integer"),
    "autovacuum_analyze_threshold": Parameter("integer"),
    "autovacuum_vacuum_scale_factor": _fraction(),
    "autovacuum_analyze_scale_factor": _fraction(),
    "autovacuum_vacuum_insert_scale_factor": _fraction(),
    "autovacuum_vacuum_insert_threshold": Parameter("integer", -1),
    "autovacuum_vacuum_cost_limit": Parameter("integer", -1, 10_000),
    "autovacuum_vacuum_cost_delay": Parameter("time", 0, 100, special=-1),
    "vacuum_cost_limit": Parameter("integer", 1, 10_000),
    "vacuum_cost_page_miss": Parameter("integer", 0, 10_000),
    # locks and sessions
    "deadlock_timeout": Parameter("time", 1),
    "max_locks_per_transaction": Parameter("integer", 10),
    "max_pred_locks_per_transaction": Parameter("integer", 10),
    "max_prepared_transactions": Parameter("integer", 0, 262143),
    "max_files_per_process": Parameter("integer", 64),
    "superuser_reserved_connections": Parameter("integer", 3, 262143),
    "tcp_keepalives_idle": Parameter("time", 0, 2_147_483_647),
    "tcp_keepalives_interval": Parameter("time", 0, 2_147_483_647),
    "tcp_keepalives_count": Parameter("integer"),
    "client_connection_check_interval": Parameter("time"),
    # what is counted and logged, none of it with the text of a query
    "compute_query_id": Parameter("bool"),
    "track_io_timing": Parameter("bool"),
    "track_activity_query_size": Parameter("integer", 100, 1_048_576),
    "log_checkpoints": Parameter("bool"),
    "log_connections": Parameter("bool"),
    "log_disconnections": Parameter("bool"),
    "log_autovacuum_min_duration": Parameter("time", special=-1),
}

INSTEAD: Final[dict[str, str]] = {
    "max_connections": "Declare connections beside parameters",
    **dict.fromkeys(
        ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "idle_session_timeout"),
        "Declare it in limits of each app: here it would end the admin's work too",
    ),
    **dict.fromkeys(("ssl", "ssl_cert_file", "ssl_key_file", "ssl_ca_file"), "See data-tier:tls"),
}
"""Where else a parameter that isn't on the list can be declared."""


def same(name: str, one: str, other: str) -> bool:
    """Whether two spellings of a parameter mean the same; a parameter that isn't on the list is compared as text."""
    parameter = PARAMETERS.get(name)
    if one == other or parameter is None:
        return one == other
    try:
        return parameter.read(one) == parameter.read(other)
    except ValueError:
        return False
