"""What every section of the stack file has in common."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

TierName = Literal["data", "backend", "frontend", "admin"]
Place = Literal["unified", "isolated"]


class Section(BaseModel):
    """Frozen, unknown keys forbidden, no value turned into another type."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, arbitrary_types_allowed=True)
