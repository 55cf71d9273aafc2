"""What the last run has recorded of servers with members, against what the stack file says now. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from components.config import places
from components.config.errors import Problem
from components.config.models import Settings
from components.naming import server_key


def declared(settings: Settings) -> dict[str, tuple[str, int | None]]:
    """Where each PostgreSQL server's standbys are said, and how many, by the server's key."""
    found: dict[str, tuple[str, int | None]] = {}
    if places.shares_postgres(settings):
        found[server_key("postgres")] = ("data-tier:postgres.standbys", settings.postgres.standbys)
    for app in places.own_postgres_apps(settings):
        key = f"data-tier:apps.{app}.postgres.server.standbys"
        found[server_key("postgres", app)] = (key, places.own_postgres(settings, app).standbys)
    return found


def compare(recorded: Mapping[str, Sequence[str]], settings: Settings) -> Iterator[Problem]:
    """A server with members can't be one without: its names lead to a primary that the program doesn't know."""
    for key, (path, standbys) in declared(settings).items():
        if recorded.get(key) and standbys is None:
            yield Problem(
                key=path,
                rule=f"the server has members ({', '.join(recorded[key])}), and one without would be another",
                remedy="Write 0: the standby and its volume go, the rest stays",
            )
