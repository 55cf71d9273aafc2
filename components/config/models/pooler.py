"""The pooler in the stack file."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from components.config.models.section import Section

# What lives in a session: in transaction mode the next transaction may have another one.
SessionFeature = Literal["listen", "session-locks", "session-settings", "sql-prepare", "temporary-tables", "with-hold"]


class Pooler(Section):
    """PgBouncer in front of a server: how long a client keeps a server connection, how many clients there may be.

    `pool` is the most server connections of one app. A process uses one core: there is one for each whole `cpu` unless
    `processes` says otherwise.
    """

    mode: Literal["transaction", "session"] = "transaction"
    clients: int = Field(default=1000, ge=10, le=10_000)
    pool: int | None = Field(default=None, ge=1, le=1000)
    cpu: float = Field(default=1, gt=0, le=64)
    processes: int | None = Field(default=None, ge=1, le=64)

    @property
    def count(self) -> int:
        """How many processes share its port."""
        return self.processes or max(1, int(self.cpu))
