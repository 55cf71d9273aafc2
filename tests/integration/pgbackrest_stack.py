"""A small stack with physical backups, and what its tests ask of the containers."""

from __future__ import annotations

import json
import time
from typing import Any

import docker

from tests.integration import stackfile
from tests.integration.life import Life


def settings(client: docker.DockerClient, prefix: str, **backup: Any) -> dict[str, Any]:
    """Two apps on the shared server; `backup` besides what all these tests have."""
    (data,) = (str(subnet) for subnet in stackfile.free_subnets(client, 1))
    return {
        "data-tier:prefix": prefix,
        "data-tier:images": dict(stackfile.IMAGES),
        "data-tier:network": {
            "data": {"internal": True, "subnet": data, "apps": str(stackfile.free_pool(client))},
        },
        "data-tier:postgres": {
            "image": "postgres:17",
            "resources": {"memory": "256Mi", "cpu": 1},
            "connections": 100,
            "backup": {"archive_timeout": "20s", "restore_test": None, "memory": "256Mi", **backup},
        },
        "data-tier:redis": {"image": "redis:8", "memory": "64Mi", "databases": {"cache": 0}},
        "data-tier:apps": {"shop": {"postgres": {"database": "shop"}}, "wiki": {"postgres": {"database": "wiki"}}},
    }


def inside(life: Life, container: str, *command: str, user: str = "") -> tuple[int, str]:
    """A command's exit code and what it said."""
    code, out = life.host.client.containers.get(container).exec_run(list(command), user=user)
    return int(code), out.decode(errors="replace").strip()


def sql(life: Life, server: str, query: str, database: str = "shop") -> str:
    """The answer, as the admin in the server's container."""
    code, out = inside(life, server, "psql", "-U", "admin", "-d", database, "-XAtqc", query, user="postgres")
    assert code == 0, out
    return out


def listed(life: Life, backup: str) -> dict[str, Any]:
    """What the backup container says about its repository."""
    code, out = inside(life, backup, "python3", "-B", "-m", "images.backup", "list")
    assert code == 0, out
    found: dict[str, Any] = json.loads(out)
    return found


def wait_for_first(life: Life, backup: str) -> None:
    """The first full backup is made by itself."""
    end = time.monotonic() + 240
    while time.monotonic() < end:
        code, out = inside(life, backup, "python3", "-B", "-m", "images.backup", "list")
        if code == 0 and json.loads(out)["runs"].get("full", {}).get("success"):
            return
        time.sleep(1)
    raise AssertionError(life.host.client.containers.get(backup).logs().decode())
