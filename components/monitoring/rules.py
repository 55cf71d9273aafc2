"""The alert rules, and the figures that several of them and the dashboards share. Pure.

Owns which alerts there are and what each says to do; from when on they fire is the stack file's to say. The names of
backups' metrics are those that the backup container serves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

from components.config.models import Thresholds

Severity = Literal["warning", "critical"]
_DAY: Final = 24 * 3600
_ARCHIVED_WITHIN: Final = 60  # seconds; in a healthy stack a piece waits for less than one

RECORDED: Final = {
    "data_tier:connections": "sum by (server, kind, app) (pg_stat_activity_count)",
    "data_tier:connections:share": (
        "data_tier:connections / on (server) group_left () max by (server) (pg_settings_max_connections)"
    ),
    "data_tier:cache_hits:rate5m": "sum by (server, kind, app) (rate(pg_stat_database_blks_hit[5m]))",
    "data_tier:cache_reads:rate5m": "sum by (server, kind, app) (rate(pg_stat_database_blks_read[5m]))",
    "data_tier:cache_hit:share5m": (
        "data_tier:cache_hits:rate5m / (data_tier:cache_hits:rate5m + data_tier:cache_reads:rate5m > 0)"
    ),
    "data_tier:disk:share": "1 - data_tier_volume_free_bytes / (data_tier_volume_bytes > 0)",
    "data_tier:redis_memory:share": "redis_memory_used_bytes / (redis_memory_max_bytes > 0)",
    "data_tier:certificate:days": f"(data_tier_certificate_end_seconds - time()) / {_DAY}",
}
"""Figures that Prometheus keeps, by name."""


@dataclass(frozen=True, kw_only=True)
class Alert:
    """One alert: what fires it, `lasting` how long, in Prometheus' words, and what it says."""

    name: str
    when: str
    lasting: str
    severity: Severity
    summary: str
    remedy: str


def alerts(limits: Thresholds, renew_days: int) -> Iterator[Alert]:
    """Every alert; certificates are warned of before their end, but not before `up` would renew them."""
    yield from _reachable()
    yield from _connections(limits)
    yield from _postgres(limits)
    yield from _backups()
    yield from _redis(limits)
    yield from _around(limits, min(limits.certificate, renew_days))


def _reachable() -> Iterator[Alert]:
    yield Alert(
        name="TargetDown",
        when="up == 0",
        lasting="1m",
        severity="critical",
        summary="Nothing is known of {{ $labels.server }}: its exporter doesn't answer",
        remedy="./operatew status says what runs; ./operatew logs shows the container that ends in -exporter",
    )
    yield Alert(
        name="PostgresDown",
        when="pg_up == 0",
        lasting="30s",
        severity="critical",
        summary="PostgreSQL {{ $labels.server }} doesn't let its exporter in",
        remedy="./operatew status: it is down, or full, or the exporter's password is another one; make up sets it",
    )
    yield Alert(
        name="RedisDown",
        when="redis_up == 0",
        lasting="30s",
        severity="critical",
        summary="Redis {{ $labels.server }} doesn't let its exporter in",
        remedy="./operatew status: it is down, or the exporter's password is another one; make up sets it",
    )


def _connections(limits: Thresholds) -> Iterator[Alert]:
    if limits.connections is not None:
        yield Alert(
            name="ConnectionsMany",
            when=f"data_tier:connections > {limits.connections}",
            lasting="1m",
            severity="warning",
            summary="{{ $labels.server }} has {{ $value }} connections",
            remedy="./operatew status says whose they are; a pooler or lower connections of the app mend it",
        )
    yield Alert(
        name="ConnectionsNearLimit",
        when=f"data_tier:connections:share > {limits.connections_share:g}",
        lasting="1m",
        severity="critical",
        summary="{{ $labels.server }} uses {{ $value | humanizePercentage }} of its connections",
        remedy="./operatew status says whose they are; raise postgres.connections, or put a pooler in front",
    )
    yield Alert(
        name="PoolWaiting",
        when=f"data_tier_pool_wait_seconds > {limits.pool_wait}",
        lasting="1m",
        severity="warning",
        summary="Clients of {{ $labels.database }} wait {{ $value | humanizeDuration }} for a connection",
        remedy="./operatew pooler status; give the app more connections, or shorten its transactions",
    )
    yield Alert(
        name="PoolerDown",
        when="data_tier_pooler_up == 0",
        lasting="1m",
        severity="critical",
        summary="A process of the pooler of {{ $labels.server }} doesn't answer",
        remedy="./operatew pooler status, ./operatew logs",
    )


def _postgres(limits: Thresholds) -> Iterator[Alert]:
    yield Alert(
        name="CacheHitLow",
        when=f"data_tier:cache_hit:share5m < {limits.cache_hit:g} and data_tier:cache_reads:rate5m > 100",
        lasting="10m",
        severity="warning",
        summary="{{ $labels.server }} finds {{ $value | humanizePercentage }} of its pages in memory",
        remedy="Give the server more memory, or look for queries that read whole tables",
    )
    yield Alert(
        name="ReplicationLag",
        when=f"data_tier_standby_lag_seconds > {limits.lag} or "
        f"(pg_replication_lag_seconds > {limits.lag} and pg_replication_is_replica == 1)",
        lasting="30s",
        severity="warning",
        summary="A standby of {{ $labels.server }} is {{ $value | humanizeDuration }} behind",
        remedy="Look whether its container runs and has the processor time and disk that it needs",
    )
    yield Alert(
        name="StandbyMissing",
        when="data_tier_standby_up == 0",
        lasting="1m",
        severity="critical",
        summary="{{ $labels.standby }} of {{ $labels.server }} doesn't follow the primary",
        remedy="./operatew status says whether it runs, ./operatew logs why it doesn't follow; make up brings it back",
    )
    yield Alert(
        name="TransactionAge",
        when=f"max by (server, kind, app, datname) (pg_database_wraparound_age_datfrozenxid_seconds) > "
        f"{limits.transaction_age}",
        lasting="5m",
        severity="critical",
        summary="{{ $labels.datname }} has transactions {{ $value }} old: the server stops at 2 100 000 000",
        remedy="VACUUM FREEZE it as the admin; end transactions and slots that hold it back",
    )
    yield Alert(
        name="Deadlocks",
        when="sum by (server, kind, app, datname) (increase(pg_stat_database_deadlocks[10m])) > 0",
        lasting="0s",
        severity="warning",
        summary="{{ $labels.datname }} had deadlocks",
        remedy="./operatew logs shows the two statements; the app has to lock in one order",
    )
    yield Alert(
        name="ArchiveFailing",
        when="increase(pg_stat_archiver_failed_count[10m]) > 0",
        lasting="2m",
        severity="critical",
        summary="{{ $labels.server }} can't archive its log: a restore reaches no further than the last that it could",
        remedy="./operatew logs of the server say why; the log stays on the data volume until it is archived",
    )
    yield Alert(
        name="ArchiveOverdue",
        when=f"data_tier_archive_waiting_seconds > {_ARCHIVED_WITHIN}",
        lasting="30s",
        severity="critical",
        summary="A piece of the log of {{ $labels.server }} has waited {{ $value | humanizeDuration }} to be archived",
        remedy="./operatew status says whether its backup container runs; ./operatew logs of the server say more",
    )


def _backups() -> Iterator[Alert]:
    overdue = "time() > max by (server, app, type) (data_tier_backup_overdue_timestamp_seconds"
    for name, types, what in (
        ("BackupOverdue", "full|diff|incr", "{{ $labels.type }} backup"),
        ("LogicalBackupOverdue", "logical", "logical dump"),
        ("RestoreTestOverdue", "restore_test", "restore test"),
    ):
        yield Alert(
            name=name,
            when=f'{overdue}{{type=~"{types}"}})',
            lasting="5m",
            severity="critical",
            summary=f"A {what} of {{{{ $labels.server }}}} has been left out",
            remedy="./operatew backups says what was done when; ./operatew logs of the backup container say why",
        )
    yield Alert(
        name="BackupDown",
        when="data_tier_backup_up == 0",
        lasting="2m",
        severity="critical",
        summary="The backup container of {{ $labels.server }} doesn't answer",
        remedy="./operatew status; until it runs the log stays on the server's volume",
    )
    yield Alert(
        name="BackupFailed",
        when="max by (server, type) (data_tier_backup_last_failure_timestamp_seconds)"
        " > max by (server, type) (data_tier_backup_last_success_timestamp_seconds)",
        lasting="0s",
        severity="critical",
        summary="The last {{ $labels.type }} backup of {{ $labels.server }} failed",
        remedy="./operatew backups says why; ./operatew backup runs it again",
    )
    yield Alert(
        name="RestoreTestFailed",
        when="data_tier_restore_test_failed == 1",
        lasting="0s",
        severity="critical",
        summary="The newest backup of {{ $labels.server }} could not be restored and proven",
        remedy="./operatew backups shows the evidence; make a new full backup and have it tested",
    )


def _redis(limits: Thresholds) -> Iterator[Alert]:
    yield Alert(
        name="RedisMemoryHigh",
        when=f"data_tier:redis_memory:share > {limits.redis_memory:g}",
        lasting="1m",
        severity="warning",
        summary="Redis {{ $labels.server }} uses {{ $value | humanizePercentage }} of its memory",
        remedy="Raise its memory; one that evicts (a cache) may stay so",
    )
    yield Alert(
        name="RedisRejectsWrites",
        when='increase(redis_errors_total{err="OOM"}[5m]) > 0',
        lasting="0s",
        severity="critical",
        summary="Redis {{ $labels.server }} refuses writes: its memory is full",
        remedy="Raise its memory, or let a cache evict (redis.servers.<purpose>.eviction)",
    )
    yield Alert(
        name="RedisNotSaving",
        when="redis_aof_last_write_status == 0 or redis_rdb_last_bgsave_status == 0",
        lasting="1m",
        severity="critical",
        summary="Redis {{ $labels.server }} can't write its data to its volume",
        remedy="./operatew logs; look for room on the disk",
    )


def _around(limits: Thresholds, days: int) -> Iterator[Alert]:
    yield Alert(
        name="DiskFull",
        when=f"data_tier:disk:share > {limits.disk:g}",
        lasting="1m",
        severity="warning",
        summary="The disk with the data of {{ $labels.server }} is {{ $value | humanizePercentage }} full",
        remedy="./operatew status says which volumes are large; make room or add disk",
    )
    yield Alert(
        name="CertificateEnds",
        when=f"data_tier:certificate:days < {days}",
        lasting="0s",
        severity="warning",
        summary="The certificate of {{ $labels.server }} ends in {{ $value | humanize }} days",
        remedy="make up renews it",
    )
    yield Alert(
        name="DataPortOpen",
        when="data_tier_data_ports_open > 0",
        lasting="0s",
        severity="critical",
        summary="reach found {{ $value }} ways open that the design closes",
        remedy="./operatew reach names them",
    )


def document(limits: Thresholds, renew_days: int) -> dict[str, Any]:
    """The rules file, as Prometheus reads it."""
    recorded = [{"record": name, "expr": expression} for name, expression in RECORDED.items()]
    told = [
        {
            "alert": one.name,
            "expr": one.when,
            "for": one.lasting,
            "labels": {"severity": one.severity},
            "annotations": {"summary": one.summary, "remedy": one.remedy},
        }
        for one in alerts(limits, renew_days)
    ]
    return {"groups": [{"name": "figures", "rules": recorded}, {"name": "alerts", "rules": told}]}
