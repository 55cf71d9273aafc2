"""The generation of an app or a reader as the last run has recorded it, against what the stack file says now.

Pure. One step at a time: a step changes the password of the login that isn't in use, a second one would change the one
that is, under its clients. A step back would let in a password that was taken back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from components.config.errors import Problem
from components.config.models import Settings


def compare(app: str, was: int | None, settings: Settings) -> Iterator[Problem]:
    """Why the app can't go from generation `was` to the one that `settings` say; None if none was recorded."""
    yield from _step(f"data-tier:apps.{app}.generation", was, settings.apps[app].generation, settings)


def compare_readers(recorded: Mapping[str, int], settings: Settings) -> Iterator[Problem]:
    """Why readers can't go from the generations that were `recorded` to the ones that `settings` say.

    One that is new begins where it likes, and one that is gone has lost nothing: it holds no data.
    """
    for name, was in recorded.items():
        if name in settings.readers:
            yield from _step(f"data-tier:readers.{name}.generation", was, settings.readers[name].generation, settings)


def _step(key: str, was: int | None, now: int, settings: Settings) -> Iterator[Problem]:
    if now == (was or 1):
        return
    if was is None:
        rule = "the last run was one of an earlier version, whose logins can't change over yet"
        remedy = "Write 1, run up once, and rotate then"
    elif not settings.running:
        rule, remedy = "the servers are down, and their logins can't change over", f"Write {was}, or bring the stack up"
    elif now == was + 1:
        return
    elif now < was:
        rule, remedy = f"it was {was}, and a password that was taken back stays so", f"Write {was}, or {was + 1}"
    else:
        rule = f"it was {was}, and only the next generation leaves the login in use alone"
        remedy = f"Write {was + 1}, run up, and go on from there"
    yield Problem(key=key, value=now, rule=rule, remedy=remedy)
