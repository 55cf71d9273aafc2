"""A small stack with physical backups, and what its tests ask of the containers."""

from __future__ import annotations

import json
import time
from typing import Any

import docker

from tests.integration.daemon import Host, ran
from tests.integration.standby_stacks import one_server


def settings(client: docker.DockerClient, prefix: str, **backup: Any) -> dict[str, Any]:
    """Two apps on the shared server; `backup` besides what all these tests have."""
    backups = {"archive_timeout": "20s", "restore_test": None, "memory": "256Mi", **backup}
    server = {"resources": {"memory": "256Mi", "cpu": 1}, "connections": 100, "backup": backups}
    return {
        **one_server(client, prefix, **server),
        "data-tier:apps": {"shop": {"postgres": {"database": "shop"}}, "wiki": {"postgres": {"database": "wiki"}}},
    }


def inside(host: Host, container: str, *command: str, user: str = "") -> tuple[int, str]:
    """A command's exit code and what it said."""
    return ran(host.client.containers.get(container), list(command), user=user)


def sql(host: Host, server: str, query: str, database: str = "shop") -> str:
    """The answer, as the admin in the server's container."""
    code, out = inside(host, server, "psql", "-U", "admin", "-d", database, "-XAtqc", query, user="postgres")
    assert code == 0, out
    return out


def runs(host: Host, backup: str) -> dict[str, Any]:
    """What the backup container has done, by kind; empty where it doesn't say."""
    code, out = inside(host, backup, "python3", "-B", "-m", "images.backup", "list")
    return dict(json.loads(out)["runs"]) if code == 0 else {}


def wait_for_first(host: Host, backup: str, seconds: float = 240) -> None:
    """The first full backup, which is made by itself, has ended: a command is refused until then."""
    end = time.monotonic() + seconds
    while not runs(host, backup).get("full", {}).get("success"):
        assert time.monotonic() < end, host.client.containers.get(backup).logs().decode()
        time.sleep(2)
