"""Exceptions of a rule: a resource by its URN, with a reason and the last day on which it is let through.

An exception that has run out fails by itself, whether the resource still offends or not: somebody must look again.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from policies.rule import Finding, Settings, Subject


def judged(
    findings: Iterable[Finding], subjects: Sequence[Subject], settings: Settings, today: datetime.date | None = None
) -> Iterator[Finding]:
    """The findings without those that an exception lets through, and one for each exception that has run out."""
    excepted = _valid(settings, today or datetime.datetime.now(tz=datetime.UTC).date())
    yield from (finding for finding in findings if not excepted.get(finding.urn, False))
    urns = {subject.urn for subject in subjects}
    for one in settings.get("exceptions", ()):
        if one["urn"] in urns and not excepted[one["urn"]]:
            yield Finding(f"its exception ran out on {one['until']}: mend the resource or decide anew", one["urn"])


def _valid(settings: Settings, today: datetime.date) -> Mapping[str, bool]:
    """Each excepted URN, and whether one of its exceptions still holds."""
    found: dict[str, bool] = {}
    for one in settings.get("exceptions", ()):
        found[one["urn"]] = found.get(one["urn"], False) or _until(one) >= today
    return found


def _until(exception: Mapping[str, Any]) -> datetime.date:
    """The exception's last day; a date that can't be read ran out long ago."""
    try:
        return datetime.date.fromisoformat(str(exception["until"]))
    except ValueError:
        return datetime.date.min
