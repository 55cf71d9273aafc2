"""The stack of the tests of readers: its apps in both shapes, and connections of migrations, apps and the reader.

What must hold of it is in test_readers.py.
"""

from __future__ import annotations

from typing import Any

import docker
import psycopg

from tests.integration import stackfile
from tests.integration.life import Life

READER = "analytics_ro"
SERVERS = {"shop": "postgres", "blog": "postgres", "wiki": "postgres-wiki"}


def settings(client: docker.DockerClient, prefix: str) -> dict[str, Any]:
    data, pool = str(*stackfile.free_subnets(client, 1)), str(stackfile.free_pool(client))
    return {
        "data-tier:prefix": prefix,
        "data-tier:images": dict(stackfile.IMAGES),
        "data-tier:rotation": {"drain": "3s"},
        "data-tier:network": {"data": {"internal": True, "subnet": data, "apps": pool}},
        "data-tier:postgres": {"image": "postgres:17", "resources": {"memory": "256Mi", "cpu": 1}, "connections": 100},
        "data-tier:redis": {"image": "redis:8", "memory": "64Mi", "databases": {"cache": 0}},
        "data-tier:apps": {
            "shop": {"postgres": {"database": "shop"}},
            "blog": {"postgres": {"database": "blog"}},
            "wiki": {"dedicated": True, "postgres": {"database": "wiki"}},
            "tool": {"postgres": {"database": "tool", "ddl": True}},
        },
    }


def migrating(life: Life, app: str) -> psycopg.Connection[Any]:
    return psycopg.connect(life.url(app, "migrate_url", SERVERS[app]), autocommit=True)


def serving(life: Life, app: str, server: str = "postgres") -> psycopg.Connection[Any]:
    return psycopg.connect(life.url(app, "database_url", SERVERS.get(app, server)), autocommit=True)


def url(life: Life, app: str, database: str = "") -> str:
    """The reader's URL of an app's database, with the address of its server in place of the name."""
    given = life.told["secrets"]["reader_urls"][READER][app]
    login, _, where = given.rpartition("@")
    _, _, rest = where.partition(":")
    ca = life.project.root / "ca.crt"
    ca.write_text(life.told["ca"])
    rest = rest.replace("/run/secrets/ca.crt", str(ca)).replace(f"/{app}?", f"/{database or app}?")
    return f"{login}@{life.servers()[SERVERS[app]][0]}:{rest}"


def reading(life: Life, app: str, *, guarded: bool = False) -> psycopg.Connection[Any]:
    connection = psycopg.connect(url(life, app), autocommit=True, connect_timeout=5)
    if not guarded:
        connection.execute("SET default_transaction_read_only = off")
    return connection


def seen(connection: psycopg.Connection[Any], question: str) -> Any:
    row = connection.execute(question.encode()).fetchone()
    return row[0] if row else None
