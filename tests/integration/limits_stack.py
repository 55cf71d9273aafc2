"""The stack of the tests of limits: what is declared, who comes in, and what the watchdog has told.

What must hold of it is in test_limits.py.
"""

from __future__ import annotations

import json
import time
from typing import Any

import docker
import psycopg

from tests.integration import stackfile
from tests.integration.life import Life

LIMITS = {
    "statement_timeout": "2s", "lock_timeout": "1s", "idle_in_transaction_session_timeout": "3s",
    "work_mem": "1Mi", "temp_file_limit": "4Mi",
}  # fmt: skip


def settings(client: docker.DockerClient, prefix: str) -> dict[str, Any]:
    data, pool = str(*stackfile.free_subnets(client, 1)), str(stackfile.free_pool(client))
    return {
        "data-tier:prefix": prefix,
        "data-tier:images": dict(stackfile.IMAGES),
        "data-tier:network": {"data": {"internal": True, "subnet": data, "apps": pool}},
        "data-tier:postgres": {
            "image": "postgres:17",
            "resources": {"memory": "256Mi", "cpu": 1},
            "connections": 60,
            "parameters": {"random_page_cost": 1.5, "autovacuum_naptime": "30s"},
            "watchdog": {"interval": "1s"},
        },
        "data-tier:redis": {"image": "redis:8", "memory": "64Mi", "databases": {"cache": 0}},
        "data-tier:apps": {
            "shop": {"postgres": {"database": "shop", "connections": 6, "limits": LIMITS}},
            "blog": {"postgres": {"database": "blog", "connections": 4}},
            "wiki": {
                "dedicated": True,
                "postgres": {"database": "wiki", "connections": 4, "limits": {"idle_session_timeout": "2s"}},
            },
        },
    }


def connect(life: Life, app: str, file: str = "database_url", **more: Any) -> psycopg.Connection[Any]:
    server = "postgres-wiki" if app == "wiki" else "postgres"
    return psycopg.connect(life.url(app, file, server), connect_timeout=5, autocommit=True, **more)


def admin(life: Life, query: str) -> list[tuple[Any, ...]]:
    its = life.told["servers"]["postgres"]
    with psycopg.connect(
        host=its["address"],
        user=its["admin"],
        password=life.told["secrets"]["admin_passwords"]["postgres"],
        dbname="postgres",
        autocommit=True,
    ) as server:
        found = server.execute(query)
        return found.fetchall() if found.description else []


def told(life: Life) -> list[dict[str, Any]]:
    """What `operate watchdog` sums up."""
    found = json.loads(life.project.operate("watchdog", "--json").out)["watchdogs"]
    return [broken for watch in found for broken in watch["broken"]]


def told_of(life: Life, limit: str, did: str) -> list[dict[str, Any]]:
    return [one for one in told(life) if (one["limit"], one["did"]) == (limit, did)]


def eventually(check: Any, seconds: float = 10) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := check()) and time.monotonic() < deadline:
        time.sleep(0.2)
    return found
