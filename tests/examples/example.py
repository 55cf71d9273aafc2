"""An example's stack file, brought up on real Docker in either shape beside everything else on the host.

Names get a prefix and ports are moved by one number, so that nobody's own stack of an example is touched; tests ask
by the names and ports of the example. What each system must have belongs to its tests.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import urlopen

import docker
import psycopg
import yaml

from operate.prometheus import Prometheus
from tests.integration import stackfile
from tests.integration.life import Life, lived
from tests.integration.project import REPOSITORY, Project

SHAPES = ("isolated", "unified")


class Example(Life):
    """A system that is up, asked by the names that its document uses."""

    @property
    def shape(self) -> str:
        found: str = self.project.edit()["config"]["data-tier:topology"]
        return found

    def container(self, name: str) -> dict[str, Any]:
        """What Docker says of a running container."""
        found: dict[str, Any] = self.host.containers()[f"{self.host.prefix}-{name}"].attrs
        return found

    def names(self) -> set[str]:
        """The containers' names, without what the tests put before them."""
        return {name.removeprefix(f"{self.host.prefix}-") for name in self.host.containers()}

    def connect(self, app: str, file: str = "database_url", **changed: Any) -> psycopg.Connection[Any]:
        """As an app, from the host: by the address of its server or pooler; files are those of the app's secrets."""
        return psycopg.connect(**{**self.login(app, file), **changed}, autocommit=True)

    def ask(self, app: str, query: str, *values: Any, file: str = "database_url") -> list[tuple[Any, ...]]:
        """The rows that an app gets."""
        with self.connect(app, file) as connection:
            return connection.execute(query.encode(), values or None).fetchall()

    def entered(self, app: str) -> set[str]:
        """The databases that an app's logins get into, tried on every server and with the login for migrations too."""
        found = set()
        for its in self.told["databases"].values():
            for database in {its["database"], "postgres"}:
                for file in ("database_url", "migrate_url"):
                    with suppress(psycopg.OperationalError):
                        self.connect(app, file, host=self.told["servers"][its["server"]]["address"], dbname=database)
                        found.add(database)
        return found

    def admin(self, server: str, query: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        """The rows that a server's superuser gets; `server` is its key, `postgres` or `postgres-<app>`."""
        its = self.told["servers"][server]
        password = self.told["secrets"]["admin_passwords"][server]
        where = {"host": its["address"], "port": its["port"], "user": its["admin"], "password": password}
        with psycopg.connect(**where, dbname=database, autocommit=True) as connection:
            return connection.execute(query.encode()).fetchall()

    def report(self, app: str, address: str = "127.0.0.1") -> dict[str, Any]:
        """What an app's service says over HTTP of its stores, well or not."""
        url = urlsplit(self.told["services"][app]["url"])
        try:
            answer = urlopen(f"http://{address}:{url.port}/", timeout=20)
        except HTTPError as error:
            answer = error
        found: dict[str, Any] = json.load(answer)
        return found

    def physical_backups(self) -> list[dict[str, Any]]:
        """Those of all its servers."""
        told = json.loads(self.project.operate("backups", "--json", ok=False).out)
        return [one for server in told["physical"] for one in server["backups"]]

    def prometheus(self) -> Prometheus:
        """What watches it."""
        return Prometheus(self.host.containers()[f"{self.host.prefix}-prometheus"])

    def alert_rules(self) -> dict[str, str]:
        """The expression of each alert that Prometheus has loaded."""
        [answer] = self.prometheus().ask([("rules", {"type": "alert"})])
        return {rule["name"]: rule["query"] for group in answer["groups"] for rule in group["rules"]}

    @contextmanager
    def stopped(self, name: str) -> Iterator[None]:
        """One container stands still; afterwards it is healthy again."""
        container = self.host.containers()[f"{self.host.prefix}-{name}"]
        container.stop(timeout=20)
        yield
        container.start()
        end = time.monotonic() + 60
        while self.container(name)["State"]["Health"]["Status"] != "healthy":
            assert time.monotonic() < end, f"{name} isn't healthy again"
            time.sleep(0.3)

    def server(self, app: str) -> str:
        """The key of the PostgreSQL server that an app's database is on."""
        found: str = self.told["databases"][app]["server"]
        return found

    @cached_property
    def compared(self) -> dict[str, Any]:
        """What `operate compare --json` says."""
        found: dict[str, Any] = json.loads(self.project.operate("compare", "--json").out)
        return found

    def login(self, app: str, file: str = "database_url") -> dict[str, Any]:
        """What an app connects with, by the address of its server or pooler."""
        secrets = self.told["secrets"]
        parts = urlsplit(secrets["migrate_urls"][app] if file == "migrate_url" else secrets["urls"][app][file])
        named = [its for kind in ("servers", "poolers") for its in self.told[kind].values()]
        address = next(its["address"] for its in named if its["name"] == parts.hostname)
        ca = self.project.root / "ca.crt"
        ca.write_text(self.told["ca"])
        return {
            "host": address,
            "port": parts.port,
            "user": parts.username,
            "password": parts.password,
            "dbname": parts.path.strip("/"),
            "sslmode": "verify-full",
            "sslrootcert": str(ca),
        }


def config(system: str) -> dict[str, Any]:
    """What an example's stack file says."""
    found: dict[str, Any] = yaml.safe_load((REPOSITORY / f"examples/{system}/Pulumi.{system}.yaml").read_text())
    return dict(found["config"])


@contextmanager
def brought_up(client: docker.DockerClient, folder: Path, system: str, shape: str) -> Iterator[Example]:
    """An example in a shape, as its stack file says it; purged at the end."""
    prefix = f"{system[:8].strip('-')}-{os.getpid()}"
    stack = stackfile.moved(config(system) | {"data-tier:topology": shape}, prefix, client)
    with lived(client, Project(folder, stack), Example) as found:
        yield found
