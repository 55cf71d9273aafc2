"""What the containers of a stack that are up use now. Looks only; whether the stack is idle is the caller's to know."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import docker
from docker.models.containers import Container as Running

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


def measure(inventory: Inventory, client: docker.DockerClient) -> Measured:
    """What a shape's containers use now; another stack's container of the same name isn't one of them."""
    label = f"{daemon.STACK_LABEL}={inventory.stack.prefix}"
    up = {str(one.name): one for one in client.containers.list(filters={"label": label, "status": "running"})}
    names = [one.name for one in inventory.containers]
    with ThreadPoolExecutor(max_workers=8) as pool:
        found = dict(zip(names, pool.map(lambda name: _memory(up.get(name)), names), strict=True))
    return Measured(
        memory={name: used for name, used in found.items() if used is not None},
        not_up=tuple(name for name, used in found.items() if used is None),
    )


def _memory(container: Running | None) -> int | None:
    return None if container is None else usage.memory(container)
