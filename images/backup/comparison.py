"""A restored server held against what the one that was backed up had at a moment, database by database."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from components import table_facts
from images.backup import moments
from images.backup.scratch import Scratch


def differences(server: Scratch, databases: Mapping[str, Any], found: dict[str, Any]) -> list[str]:
    """What is other than `databases` say; how many tables and rows were looked at is added to `found`.

    Raises psycopg.Error, also for a table that a change under way has locked.
    """
    told = []
    for database, wanted in databases.items():
        held = _held(server, database)
        told += [f"{database}: {what}" for what in table_facts.differences(wanted, held, "backup")]
        found["tables"] += len(held)
        found["rows"] += sum(int(its["rows"]) for its in held.values())
    return told


def _held(server: Scratch, database: str) -> dict[str, Any]:
    with server.connect(database) as session:
        moments.quiet(session)
        session.execute("SET lock_timeout = '60s'")
        return moments.tables(session)
