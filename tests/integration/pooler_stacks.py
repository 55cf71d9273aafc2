"""The stacks of the pooler's tests: their settings, how their apps are reached, and what a pooler says of itself."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import urlsplit

import docker
import psycopg

from tests.integration import stackfile
from tests.integration.life import Life


def two_servers(client: docker.DockerClient, prefix: str, *, clients: int, pool: int) -> dict[str, Any]:
    """A shared server and an app with its own one, each behind a pooler."""
    data, apps = str(*stackfile.free_subnets(client, 1)), str(stackfile.free_pool(client))
    return {
        "data-tier:prefix": prefix,
        "data-tier:images": dict(stackfile.IMAGES),
        "data-tier:network": {"data": {"internal": True, "subnet": data, "apps": apps}},
        "data-tier:postgres": {
            "image": "postgres:17",
            "resources": {"memory": "512Mi", "cpu": 1},
            "connections": 60,
            "pooler": {"clients": clients, "pool": pool},
        },
        "data-tier:redis": {"image": "redis:8", "memory": "64Mi", "databases": {"cache": 0}},
        "data-tier:apps": {
            "shop": {"postgres": {"database": "shop", "direct": 2}},
            "wiki": {"postgres": {"database": "wiki", "connections": 1}},
            "blog": {"postgres": {"database": "blog"}, "dedicated": True},
        },
    }


def two_processes(client: docker.DockerClient, prefix: str) -> dict[str, Any]:
    """A shared server behind a pooler of two processes, and an app with a service."""
    data, backend = (str(subnet) for subnet in stackfile.free_subnets(client, 2))
    port = stackfile.free_port(15_800, 15_899)
    return {
        "data-tier:prefix": prefix,
        "data-tier:images": dict(stackfile.IMAGES),
        "data-tier:rotation": {"drain": "8s"},
        "data-tier:network": {
            "data": {"internal": True, "subnet": data},
            "backend": {"internal": True, "subnet": backend, "publish": "loopback", "ports": "15800-15899"},
        },
        "data-tier:postgres": {
            "image": "postgres:17",
            "resources": {"memory": "256Mi", "cpu": 1},
            "connections": 71,
            "pooler": {"clients": 100, "processes": 2},
        },
        "data-tier:redis": {"image": "redis:8", "memory": "64Mi", "databases": {"cache": 0}},
        "data-tier:apps": {
            "shop": {
                "postgres": {"database": "shop", "weight": 2, "needs": ["listen"], "direct": 2},
                "redis": ["cache"],
                "service": {"tier": "backend", "memory": "64Mi", "port": f"{port}:8000"},
            },
            "wiki": {"postgres": {"database": "wiki"}},
        },
    }


class Pooled(Life):
    """One of these stacks."""

    def login(self, app: str, url: str = "database_url", **changed: Any) -> dict[str, Any]:
        """How an app's URL is connected to from the host: by address in place of the name."""
        secrets = self.told["secrets"]
        parts = urlsplit(secrets["migrate_urls"][app] if url == "migrate_url" else secrets["urls"][app][url])
        its = [
            one for key in ("servers", "poolers") for one in self.told[key].values() if one["name"] == parts.hostname
        ]
        return {
            "host": its[0]["address"],
            "port": parts.port,
            "user": parts.username,
            "password": parts.password,
            "dbname": parts.path.strip("/"),
            "connect_timeout": 20,
            **changed,
        }

    def connect(self, app: str, url: str = "database_url", **changed: Any) -> psycopg.Connection[Any]:
        return psycopg.connect(**self.login(app, url, **changed), autocommit=True)

    def console(self, command: str) -> list[dict[str, Any]]:
        """What the console of the shared server's pooler answers."""
        its, password = self.told["poolers"]["postgres"], self.told["secrets"]["pooler_consoles"]["postgres"]
        with (
            psycopg.connect(
                host=its["address"],
                port=its["port"],
                user="pgbouncer",
                dbname="pgbouncer",
                password=password,
                autocommit=True,
            ) as connection,
            psycopg.ClientCursor(connection, row_factory=psycopg.rows.dict_row) as cursor,
        ):
            cursor.execute(command)
            return cursor.fetchall() if cursor.description else []

    def log(self) -> str:
        """What the shared server's pooler has logged."""
        return self.host.client.containers.get(self.told["poolers"]["postgres"]["name"]).logs().decode()


def password_of(life: Pooled, name: str) -> str:
    return next(str(it["outputs"]["result"]) for it in life.project.resources() if it["urn"].endswith(f"::{name}"))


def memory(life: Pooled, name: str) -> int:
    found: int = life.host.containers()[f"{life.host.prefix}-{name}"].stats(stream=False)["memory_stats"]["usage"]
    return found


def answers_again(life: Pooled) -> float:
    """The seconds until an app is served."""
    began = time.monotonic()
    while True:
        try:
            with life.connect("shop", connect_timeout=5) as client:
                assert client.execute("SELECT 1").fetchone() == (1,)
                return time.monotonic() - began
        except psycopg.OperationalError:
            assert time.monotonic() < began + 60
            time.sleep(0.2)
