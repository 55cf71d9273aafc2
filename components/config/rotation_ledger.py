"""A generation, an app's, a reader's or a server's admin's, as the last run has recorded it, against the stack file's.

Pure. One step at a time: a step changes the password that isn't in use, a second one would change the one that is,
under its clients, or leave a server with one that nobody knows. A step back would let in what was taken back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from components.config.errors import Problem
from components.config.models import Settings


def compare(app: str, was: int | None, settings: Settings) -> Iterator[Problem]:
    """Why the app can't go from generation `was` to the one that `settings` say; None if none was recorded."""
    key, now = f"data-tier:apps.{app}.generation", settings.apps[app].generation
    if was is not None:
        yield from step(key, was, now, running=settings.running)
    elif now != 1:
        rule = "the last run was one of an earlier version, whose logins can't change over yet"
        yield Problem(key=key, value=now, rule=rule, remedy="Write 1, run up once, and rotate then")


def compare_readers(recorded: Mapping[str, int], settings: Settings) -> Iterator[Problem]:
    """Why readers can't go from the generations that were `recorded` to the ones that `settings` say.

    One that is new begins where it likes, and one that is gone has lost nothing: it holds no data.
    """
    for name, was in recorded.items():
        if name in settings.readers:
            key, now = f"data-tier:readers.{name}.generation", settings.readers[name].generation
            yield from step(key, was, now, running=settings.running)


def step(key: str, was: int, now: int, *, running: bool) -> Iterator[Problem]:
    """Why the generation of `key` can't go from `was` to `now`."""
    if now == was or (running and now == was + 1):
        return
    if not running:
        rule, remedy = "the servers are down, and their logins can't change over", f"Write {was}, or bring the stack up"
    elif now < was:
        rule, remedy = f"it was {was}, and a password that was taken back stays so", f"Write {was}, or {was + 1}"
    else:
        rule = f"it was {was}, and only the next generation leaves the login in use alone"
        remedy = f"Write {was + 1}, run up, and go on from there"
    yield Problem(key=key, value=now, rule=rule, remedy=remedy)
