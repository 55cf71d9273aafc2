"""What the containers of a stack that are up use now. Looks only; whether the stack is idle is the caller's to know."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import docker

from components.config import Place
from operate import daemon, usage
from operate.declared import Inventory


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One shape: bytes in use by container for those that are up, and the names of those that aren't."""

    memory: Mapping[str, int]
    not_up: tuple[str, ...]

    @property
    def total(self) -> int:
        """Bytes in use by everything that is up."""
        return sum(self.memory.values())

    @property
    def whole(self) -> bool:
        """Whether all of the shape is up, so that the total is that of the shape."""
        return bool(self.memory) and not self.not_up

    def as_json(self, inventory: Inventory) -> dict[str, Any]:
        """The measurement as --json has it."""
        kinds = {one.name: one.kind for one in inventory.containers}
        by_kind: dict[str, int] = {}
        for name, used in self.memory.items():
            by_kind[kinds[name]] = by_kind.get(kinds[name], 0) + used
        return {
            "whole": self.whole,
            "up": len(self.memory),
            "memory": self.total,
            "by_kind": by_kind,
            "containers": dict(self.memory),
            "not_up": list(self.not_up),
        }


def measure(shapes: Mapping[Place, Inventory], client: docker.DockerClient) -> dict[Place, Measured]:
    """What the containers of each shape use now; one that both have is looked at once, so that it counts the same.

    Another stack's container of the same name isn't one of them.
    """
    prefix = next(iter(shapes.values())).stack.prefix
    running = client.containers.list(filters={"label": f"{daemon.STACK_LABEL}={prefix}", "status": "running"})
    up = {str(one.name): one for one in running}
    with ThreadPoolExecutor(max_workers=8) as pool:
        used: dict[str, int | None] = dict(zip(up, pool.map(usage.memory, up.values()), strict=True))
    return {shape: _of(inventory, used) for shape, inventory in shapes.items()}


def _of(inventory: Inventory, used: Mapping[str, int | None]) -> Measured:
    found = {one.name: used.get(one.name) for one in inventory.containers}
    return Measured(
        memory={name: memory for name, memory in found.items() if memory is not None},
        not_up=tuple(name for name, memory in found.items() if memory is None),
    )
