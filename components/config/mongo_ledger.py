"""An app's MongoDB database as the last run has recorded it, against what the stack file says now. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from components.config.errors import Problem
from components.config.models import Settings


def compare(app: str, was: str | None, settings: Settings) -> Iterator[Problem]:
    """Why the app can't have another database than `was`, or none; None if it had none."""
    key, now = f"data-tier:apps.{app}.mongo", settings.apps[app].mongo
    if was and now is None:
        yield Problem(
            key=key,
            rule=f"{was} holds data and is no longer declared",
            remedy=f"Put it back; an app's data goes when the app is retired and purged (`./operatew purge {app}`)",
        )
    elif was and now and now.database != was:
        yield Problem(
            key=f"{key}.database",
            value=now.database,
            rule=f"the app's data is in {was}, and another name is another, empty database",
            remedy=f"Write {was}",
        )
