"""Which job is due. Pure: the times are cron's, what has been done is told.

A time that was missed, because nothing ran or something else did, counts once. Of several the largest comes first. What
has failed is tried again before its next time comes.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from components import backup_jobs, cron

_AGAIN: Final = timedelta(minutes=5)
_FIRST: Final = backup_jobs.BACKUPS[0]


def due(schedules: Mapping[str, str], runs: Mapping[str, Mapping[str, Any]], since: float, now: datetime) -> str | None:
    """The job to do now, None where nothing is due; `since` is when there were schedules first, `runs` what was tried.

    Without any backup a full one is due at once, and nothing else before it.
    """
    if not runs.get(_FIRST, {}).get("success"):
        return _FIRST if now >= _retried(runs.get(_FIRST, {})) else None
    for kind in backup_jobs.JOBS:
        if kind in schedules and now >= _next(schedules[kind], runs.get(kind, {}), since):
            return kind
    return None


def _next(schedule: str, run: Mapping[str, Any], since: float) -> datetime:
    time = cron.parse(schedule).after(datetime.fromtimestamp(run.get("tried", since), UTC))
    return min(time, _retried(run)) if _failed(run) else time


def _retried(run: Mapping[str, Any]) -> datetime:
    return datetime.fromtimestamp(run["tried"], UTC) + _AGAIN if "tried" in run else datetime.min.replace(tzinfo=UTC)


def _failed(run: Mapping[str, Any]) -> bool:
    return bool(run.get("failure", 0) > run.get("success", 0))


def overdue_after(schedule: str, now: datetime) -> float:
    """Seconds since the last success after which a job has been left out: its longest pause, and half an hour."""
    return cron.parse(schedule).longest_pause(now) + 1800
