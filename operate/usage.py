"""What a container uses now, as Docker says it."""

from __future__ import annotations

from typing import Any

from docker.errors import APIError, NotFound
from docker.models.containers import Container


def memory(container: Container) -> int | None:
    """Bytes in use as `docker stats` shows them: without the file cache that the kernel gives back when asked."""
    try:
        api: Any = container.client.api if container.client else None
        used = api.stats(container.id, stream=False, one_shot=True).get("memory_stats") or {}
    except (APIError, NotFound):
        return None
    cache = used.get("stats", {})
    reclaimable = cache.get("total_inactive_file", cache.get("inactive_file", 0))  # cgroup v1, v2
    return max(0, used["usage"] - reclaimable) if "usage" in used else None
