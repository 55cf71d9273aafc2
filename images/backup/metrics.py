"""What Prometheus reads, as text: follows from what was done, what there is and when the log was archived last."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from components import backup_jobs
from components.backup_jobs import TYPES
from images.backup import schedule
from images.backup.repository import Saved
from images.exposition import Sample, exposition

_HELP: Final = {
    "data_tier_backup_last_success_timestamp_seconds": "When a backup of this type was made.",
    "data_tier_backup_last_failure_timestamp_seconds": "When one failed last, 0 for never.",
    "data_tier_backup_size_bytes": "Bytes that the newest of this type takes in the repository by itself.",
    "data_tier_restore_test_last_success_timestamp_seconds": "When a restored backup was found to be whole.",
    "data_tier_restore_test_failed": "Whether the last restore test failed.",
    "data_tier_restore_test_seconds": "How long the last good restore test took.",
    "data_tier_wal_archived_last_timestamp_seconds": "When the server archived a segment of its log last.",
    "data_tier_backup_overdue_timestamp_seconds": "When a job has been left out, unless it is done before.",
}


def text(
    server: str,
    schedules: Mapping[str, str],
    runs: Mapping[str, Mapping[str, Any]],
    backups: Sequence[Saved],
    archived: float,
    now: datetime,
) -> str:
    """All metrics in Prometheus' own format."""
    found = _samples(schedules, runs, backups, archived, now)
    return exposition(((name, {"server": server, **labels}, value) for name, labels, value in found), _HELP)


def _samples(
    schedules: Mapping[str, str],
    runs: Mapping[str, Mapping[str, Any]],
    backups: Sequence[Saved],
    archived: float,
    now: datetime,
) -> Iterator[Sample]:
    for kind, its in TYPES.items():
        run = runs.get(kind, {})
        if kind in schedules or run:
            yield "data_tier_backup_last_success_timestamp_seconds", {"type": its}, run.get("success", 0)
            yield "data_tier_backup_last_failure_timestamp_seconds", {"type": its}, run.get("failure", 0)
        if newest := next((one for one in reversed(backups) if one.type == its), None):
            yield "data_tier_backup_size_bytes", {"type": its}, newest.stored
    test = runs.get(backup_jobs.RESTORE_TEST, {})
    yield "data_tier_restore_test_last_success_timestamp_seconds", {}, test.get("success", 0)
    yield "data_tier_restore_test_failed", {}, int(test.get("failure", 0) > test.get("success", 0))
    yield "data_tier_restore_test_seconds", {}, test.get("seconds", 0)
    yield "data_tier_wal_archived_last_timestamp_seconds", {}, archived
    for kind, its in schedules.items():
        counts = max(runs.get(done, {}).get("success", 0) for done in backup_jobs.counting(kind))
        since = counts or runs.get("since", {}).get("tried") or now.timestamp()
        due = since + schedule.overdue_after(its, now)
        yield "data_tier_backup_overdue_timestamp_seconds", {"type": TYPES.get(kind, kind)}, due
