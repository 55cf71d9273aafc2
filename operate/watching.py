"""What watches a stack, as its outputs have it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Monitoring:
    """What watches the stack: Prometheus' container, and those of the exporters by the key of their server."""

    prometheus: str
    network: str
    exporters: Mapping[str, str]
    relays: tuple[str, ...] = ()
    expose: int | None = None

    @property
    def containers(self) -> list[str]:
        """All of its containers."""
        return [*self.exporters.values(), *self.relays, self.prometheus]
