"""One PostgreSQL server's connections, divided among its apps. Pure.

What is reserved comes first, then what apps say themselves; the rest is shared out by weight. Which apps are on which
server belongs to `config.pools`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from components.sizing import MIGRATION_CONNECTIONS, RESERVED_CONNECTIONS

LOOK_UPS: Final = 3  # over which each process of a pooler looks up who logs in


def look_ups(processes: int) -> int:
    """What a pooler's look-ups may open: while it is replaced, the old one's are still there."""
    return 2 * LOOK_UPS * processes


@dataclass(frozen=True, kw_only=True)
class Budget:
    """The connections of a server: `capacity` in all, `declared` those of apps that say a number, `direct` beside the
    pooler, `readers` those of all readers, `weights` of the apps that share the rest. `cap` is the most of one app,
    `processes` the pooler's, 0 without one.
    """

    capacity: int
    processes: int = 0
    declared: Mapping[str, int] = field(default_factory=dict)
    direct: Mapping[str, int] = field(default_factory=dict)
    weights: Mapping[str, int] = field(default_factory=dict)
    readers: int = 0
    cap: int | None = None

    @property
    def own(self) -> int:
        """What no app gets."""
        return RESERVED_CONNECTIONS + (look_ups(self.processes) if self.processes else 0)

    @property
    def wanted(self) -> int:
        """What apps and readers need at least: a pool has a connection for each process of the pooler."""
        apps = len(self.declared) + len(self.weights)
        said = sum(self.declared.values()) + sum(self.direct.values()) + self.readers
        return said + apps * MIGRATION_CONNECTIONS + len(self.weights) * self.processes

    @property
    def left(self) -> int:
        """What remains for the shares beyond what the apps need at least; negative where they don't fit."""
        return self.capacity - self.own - self.wanted

    @property
    def openable(self) -> int:
        """How many may be open at once: what is reserved and what the logins may open, all of them where apps share."""
        return self.capacity if self.weights else min(self.capacity, self.own + self.wanted)

    def pools(self) -> dict[str, int]:
        """The connections of each app beside its direct ones: what it says, or at least one a process and its share."""
        whole, left = sum(self.weights.values()), max(0, self.left)
        shares = {app: self.processes + left * weight // whole for app, weight in self.weights.items()}
        return {app: min(size, self.cap or size) for app, size in {**self.declared, **shares}.items()}
