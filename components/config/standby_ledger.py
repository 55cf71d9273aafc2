"""What the last run has recorded of servers with members, against what the stack file says now. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from components.config import postgres_servers
from components.config.errors import Problem
from components.config.models import Settings


def compare(recorded: Mapping[str, Sequence[str]], settings: Settings) -> Iterator[Problem]:
    """A server with members can't be one without: its names lead to a primary that the program doesn't know."""
    for its in postgres_servers.declared(settings):
        if recorded.get(its.key) and its.server.standbys is None:
            yield Problem(
                key=f"{its.path}.standbys",
                rule=f"the server has members ({', '.join(recorded[its.key])}), and one without would be another",
                remedy="Write 0: the standby and its volume go, the rest stays",
            )
