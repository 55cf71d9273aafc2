"""The pooler in the stack file."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from components.config.models.section import Section


class Pooler(Section):
    """PgBouncer in front of a server: how long a client keeps a server connection, how many clients there may be.

    `pool` is the most server connections of one app; without it an app's pool is its `connections`.
    """

    mode: Literal["transaction", "session"] = "transaction"
    clients: int = Field(default=1000, ge=10, le=10_000)
    pool: int | None = Field(default=None, ge=1, le=1000)
