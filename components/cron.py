"""Times of schedules in cron's five fields, UTC: minute, hour, day of the month, month, day of the week.

Pure. The stack file's schedules are checked with it and the backup container goes by it, so that the two never read one
differently. Names of days and months, `@daily` and seconds aren't known; a day that is restricted by both of its fields
fits either, as cron has it.

Not croniter, which is well kept: Debian has 1.3.5 of 2022 for the backup container, PyPI 7.0, and two versions may read
a schedule in two ways. It also takes what is refused here (`@daily`, names, six fields), so that its fields had to be
checked beforehand anyway.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Final

_FIELDS: Final = (("minute", 0, 59), ("hour", 0, 23), ("day", 1, 31), ("month", 1, 12), ("weekday", 0, 7))
_PART: Final = re.compile(r"(?:\*|(\d{1,2})(?:-(\d{1,2}))?)(?:/(\d{1,2}))?")
_SUNDAY: Final = 7  # also 0
_LONGEST: Final = timedelta(days=8 * 366)  # the 29th of February comes at least so often


@dataclass(frozen=True)
class Schedule:
    """The values that each field may have; `either` says that both days are restricted."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either: bool

    def fits_day(self, at: datetime) -> bool:
        """Whether it has times on that day."""
        day, weekday = at.day in self.days, at.isoweekday() % 7 in self.weekdays
        return at.month in self.months and ((day or weekday) if self.either else (day and weekday))

    def after(self, moment: datetime) -> datetime:
        """The first time later than `moment`, in UTC. Raises ValueError where there is none (30 February)."""
        at = moment.astimezone(UTC).replace(second=0, microsecond=0) + timedelta(minutes=1)
        end = at + _LONGEST
        while at < end:
            if not self.fits_day(at):
                at = at.replace(hour=0, minute=0) + timedelta(days=1)
            elif at.hour not in self.hours:
                at = at.replace(minute=0) + timedelta(hours=1)
            elif at.minute not in self.minutes:
                at += timedelta(minutes=1)
            else:
                return at
        raise ValueError("it has no day that exists")

    def longest_pause(self, start: datetime) -> float:
        """Seconds of the longest pause between two of the next times; a sample that covers a week and a month."""
        times, at = [], start
        for _ in range(70):
            at = self.after(at)
            times.append(at)
        return max((later - before).total_seconds() for before, later in pairwise(times))


def parse(text: str) -> Schedule:
    """A schedule from its five fields. Raises ValueError, which says what is wrong with which field."""
    given = text.split()
    if len(given) != len(_FIELDS):
        raise ValueError(f"a schedule has five fields, this has {len(given)}")
    minutes, hours, days, months, weekdays = (_values(part, *field) for part, field in zip(given, _FIELDS, strict=True))
    found = Schedule(
        minutes,
        hours,
        days,
        months,
        frozenset(day % _SUNDAY for day in weekdays),
        "*" not in (given[2][0], given[4][0]),
    )
    found.after(datetime(2026, 1, 1, tzinfo=UTC))
    return found


def _values(text: str, name: str, least: int, most: int) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(","):
        match = _PART.fullmatch(part)
        if match is None:
            raise ValueError(f"{name} {text}: write *, numbers, ranges, lists and steps, like 0, 1-6, 0,30 or */15")
        first, last, step = match.groups()
        low = least if first is None else int(first)
        high = int(last) if last else (most if first is None or step else low)
        if not least <= low <= high <= most or step == "0":
            raise ValueError(f"{name} {text}: it goes from {least} to {most}")
        found.update(range(low, high + 1, int(step or 1)))
    return frozenset(found)
