"""Every alert rule by Prometheus' own unit tests: series on which it fires, and series so near that it doesn't."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from components.config.models import Monitoring, Thresholds
from components.monitoring import configuration, rules
from tests.integration.promtool import promtool

pytestmark = pytest.mark.integration
RENEW = 121
DEFAULT = Thresholds()
DAY = 86400
AT = 20  # minutes: later than every `for`, and than the widest window
PG = 'server="postgres",kind="postgres"'
REDIS = 'server="redis",kind="redis"'

Series = Mapping[str, str]


def overdue(kind: str, at: int) -> Series:
    """Time starts at 0, and is looked at in second `AT` * 60."""
    return {f'data_tier_backup_overdue_timestamp_seconds{{server="postgres",type="{kind}"}}': f"{at}x40"}


def cache(hits: int, reads: int) -> Series:
    """Pages found in memory and read in each minute."""
    return {
        f"pg_stat_database_blks_hit{{{PG}}}": f"0+{hits}x40",
        f"pg_stat_database_blks_read{{{PG}}}": f"0+{reads}x40",
    }


def connections(count: int, most: int) -> Series:
    half = count // 2
    return {
        f'pg_stat_activity_count{{{PG},state="idle"}}': f"{half}x40",
        f'pg_stat_activity_count{{{PG},state="active"}}': f"{count - half}x40",
        f"pg_settings_max_connections{{{PG}}}": f"{most}x40",
    }


FULL = 'data_tier_backup_last_success_timestamp_seconds{server="postgres",type="full"}'
FAILED = 'data_tier_backup_last_failure_timestamp_seconds{server="postgres",type="full"}'
CERTIFICATE = f"data_tier_certificate_end_seconds{{{PG}}}"
WAITS = f'data_tier_pool_wait_seconds{{{PG},database="shop"}}'
AGE = f'pg_database_wraparound_age_datfrozenxid_seconds{{{PG},datname="shop"}}'
LAG = f'data_tier_standby_lag_seconds{{{PG},standby="second"}}'

CASES: Mapping[str, tuple[Series, Series]] = {
    "TargetDown": ({f"up{{{PG}}}": "0x40"}, {f"up{{{PG}}}": "0 1x39"}),
    "PostgresDown": ({f"pg_up{{{PG}}}": "0x40"}, {f"pg_up{{{PG}}}": "1x40"}),
    "RedisDown": ({f"redis_up{{{REDIS}}}": "0x40"}, {f"redis_up{{{REDIS}}}": "1x40"}),
    "ConnectionsMany": (connections(181, 300), connections(180, 300)),
    "ConnectionsNearLimit": (connections(91, 100), connections(90, 100)),
    "PoolWaiting": ({WAITS: "5.1x40"}, {WAITS: "5x40"}),
    "PoolerDown": (
        {f'data_tier_pooler_up{{{PG},process="missing 1"}}': "0x40"},
        {f'data_tier_pooler_up{{{PG},process="1"}}': "1x40"},
    ),
    "CacheHitLow": (cache(900_000, 100_000), cache(960_000, 40_000)),
    "ReplicationLag": ({LAG: "11x40"}, {LAG: "10x40"}),
    "TransactionAge": ({AGE: "1000000001x40"}, {AGE: "1000000000x40"}),
    "Deadlocks": (
        {f'pg_stat_database_deadlocks{{{PG},datname="shop"}}': "0x15 1x20"},
        {f'pg_stat_database_deadlocks{{{PG},datname="shop"}}': "7x40"},
    ),
    "ArchiveFailing": (
        {f"pg_stat_archiver_failed_count{{{PG}}}": "0x10 1+1x20"},
        {f"pg_stat_archiver_failed_count{{{PG}}}": "3x40"},
    ),
    "BackupOverdue": (overdue("diff", 800), overdue("diff", 1201)),
    "LogicalBackupOverdue": (overdue("logical", 800), overdue("logical", 1201)),
    "RestoreTestOverdue": (overdue("restore_test", 800), overdue("restore_test", 1201)),
    "BackupDown": ({f"data_tier_backup_up{{{PG}}}": "0x40"}, {f"data_tier_backup_up{{{PG}}}": "1x40"}),
    "ArchiveOverdue": (
        {f"data_tier_archive_waiting_seconds{{{PG}}}": "61x40"},
        {f"data_tier_archive_waiting_seconds{{{PG}}}": "60x40"},
    ),
    "StandbyMissing": (
        {f'data_tier_standby_up{{{PG},standby="member_2"}}': "0x40"},
        {f'data_tier_standby_up{{{PG},standby="member_2"}}': "1x40"},
    ),
    "BackupFailed": ({FAILED: "100x40", FULL: "60x40"}, {FAILED: "60x40", FULL: "100x40"}),
    "RestoreTestFailed": (
        {'data_tier_restore_test_failed{server="postgres"}': "1x40"},
        {'data_tier_restore_test_failed{server="postgres"}': "0x40"},
    ),
    "RedisMemoryHigh": (
        {f"redis_memory_used_bytes{{{REDIS}}}": "91x40", f"redis_memory_max_bytes{{{REDIS}}}": "100x40"},
        {f"redis_memory_used_bytes{{{REDIS}}}": "91x40", f"redis_memory_max_bytes{{{REDIS}}}": "0x40"},
    ),
    "RedisRejectsWrites": (
        {f'redis_errors_total{{{REDIS},err="OOM"}}': "0x16 5x20"},
        {f'redis_errors_total{{{REDIS},err="WRONGTYPE"}}': "0x16 5x20"},
    ),
    "RedisNotSaving": (
        {f"redis_rdb_last_bgsave_status{{{REDIS}}}": "0x40"},
        {f"redis_rdb_last_bgsave_status{{{REDIS}}}": "1x40", f"redis_aof_last_write_status{{{REDIS}}}": "1x40"},
    ),
    "DiskFull": (
        {f"data_tier_volume_free_bytes{{{PG}}}": "19x40", f"data_tier_volume_bytes{{{PG}}}": "100x40"},
        {f"data_tier_volume_free_bytes{{{PG}}}": "21x40", f"data_tier_volume_bytes{{{PG}}}": "100x40"},
    ),
    "CertificateEnds": (
        {CERTIFICATE: f"{14 * DAY}x40"},
        {CERTIFICATE: f"{15 * DAY}x40"},
    ),
    "DataPortOpen": (
        {'data_tier_data_ports_open{server="host"}': "1x40"},
        {'data_tier_data_ports_open{server="host"}': "0x40"},
    ),
}


def unit(alert: str, series: Series, fires: bool) -> dict[str, Any]:
    """One test as promtool reads it."""
    return {
        "interval": "1m",
        "name": f"{alert} {'fires' if fires else 'is quiet'}",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "promql_expr_test": [
            {
                "expr": f'count(ALERTS{{alertname="{alert}", alertstate="firing"}})',
                "eval_time": f"{AT}m",
                "exp_samples": [{"labels": "{}", "value": 1}] if fires else [],
            }
        ],
    }


def run(units: list[dict[str, Any]], limits: Thresholds = DEFAULT) -> tuple[int, str]:
    document = {"rule_files": ["rules.yml"], "evaluation_interval": "1m", "tests": units}
    files = {"rules.yml": yaml.safe_dump(rules.document(limits, RENEW)), "tests.yml": yaml.safe_dump(document)}
    return promtool(files, "test", "rules", "tests.yml")


def test_every_alert_has_a_case() -> None:
    assert set(CASES) == {one.name for one in rules.alerts(Thresholds(), RENEW)}


def test_every_alert_fires_on_its_case_and_on_none_that_is_nearly_so() -> None:
    units = [unit(alert, firing, fires=True) for alert, (firing, _) in CASES.items()]
    units += [unit(alert, quiet, fires=False) for alert, (_, quiet) in CASES.items()]
    code, said = run(units)
    assert code == 0, said


def test_a_rule_that_would_not_fire_is_noticed() -> None:
    code, said = run([unit("DiskFull", CASES["DiskFull"][1], fires=True)])
    assert code != 0, said


def test_thresholds_of_the_stack_file_hold() -> None:
    limits = Thresholds(connections=None, connections_share=0.5, disk=0.95, redis_memory=0.5)
    units = [
        unit("ConnectionsNearLimit", connections(51, 100), fires=True),
        unit("ConnectionsMany", connections(250, 300), fires=False),
        unit("DiskFull", CASES["DiskFull"][0], fires=False),
    ]
    code, said = run(units, limits)
    assert code == 0, said


def test_a_certificate_is_not_warned_of_before_it_would_be_renewed() -> None:
    document = {"rule_files": ["rules.yml"], "evaluation_interval": "1m"}
    tests = [unit("CertificateEnds", {CERTIFICATE: f"{5 * DAY}x40"}, fires=False)]
    files = {
        "rules.yml": yaml.safe_dump(rules.document(Thresholds(), 3)),
        "tests.yml": yaml.safe_dump({**document, "tests": tests}),
    }
    code, said = promtool(files, "test", "rules", "tests.yml")
    assert code == 0, said


def test_prometheus_takes_the_configuration() -> None:
    targets = [configuration.Target(address="a-exporter:9187", server="postgres", kind="postgres", name="a")]
    texts = configuration.files(Monitoring(alertmanager="alerts.example.com:9093"), RENEW, targets)
    here = {name: text.replace("/etc/monitoring/", "") for name, text in texts.items()}
    code, said = promtool(here, "check", "config", "prometheus.yml")
    assert code == 0, said
