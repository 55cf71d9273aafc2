"""Schedules: which times five fields mean, and which texts are none."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from components import cron


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("schedule", "moment", "then"),
    [
        ("0 2 * * *", "2026-11-21 01:59", "2026-11-21 02:00"),
        ("0 2 * * *", "2026-11-21 02:00", "2026-11-22 02:00"),
        ("0 2 * * 0", "2026-11-21 00:00", "2026-11-22 02:00"),
        ("0 2 * * 7", "2026-11-21 00:00", "2026-11-22 02:00"),
        ("0 2 * * 1-6", "2026-11-22 00:00", "2026-11-23 02:00"),
        ("*/15 * * * *", "2026-11-21 09:46:30", "2026-11-21 10:00"),
        ("5,35 8-10/2 * * *", "2026-11-21 08:36", "2026-11-21 10:05"),
        ("0 0 29 2 *", "2026-03-01 00:00", "2028-02-29 00:00"),
        ("0 0 13 * 5", "2026-11-21 00:00", "2026-11-27 00:00"),
    ],
)
def test_the_next_time_is_what_cron_means(schedule: str, moment: str, then: str) -> None:
    assert cron.parse(schedule).after(at(moment)) == at(then)


@pytest.mark.parametrize(
    ("schedule", "reason"),
    [
        ("0 2 * *", "has 4"),
        ("@daily", "five fields"),
        ("60 2 * * *", "minute 60"),
        ("0 24 * * *", "hour 24"),
        ("0 2 0 * *", "day 0"),
        ("0 2 * 13 *", "month 13"),
        ("0 2 * * 8", "weekday 8"),
        ("0 2 * * mon", "weekday mon"),
        ("*/0 2 * * *", "minute"),
        ("5-1 2 * * *", "minute 5-1"),
        ("0 0 30 2 *", "no day that exists"),
    ],
)
def test_what_is_no_schedule_is_told_by_its_field(schedule: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        cron.parse(schedule)


def test_the_longest_pause_of_working_days_is_the_weekend() -> None:
    assert cron.parse("0 2 * * 1-5").longest_pause(at("2026-11-21 00:00")) == 3 * 86400
