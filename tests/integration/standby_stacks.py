"""The stacks of the standby's tests, their members, and clients that keep an honest ledger of what they were told."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import docker
import psycopg

from tests.integration import stackfile
from tests.integration.daemon import ran
from tests.integration.life import Life

CONFLICT = "duplicate key"


def one_server(client: docker.DockerClient, prefix: str, **postgres: Any) -> dict[str, Any]:
    """A shared server; `postgres` are further keys of it."""
    data = str(*stackfile.free_subnets(client, 1))
    return {
        "data-tier:prefix": prefix,
        "data-tier:images": dict(stackfile.IMAGES),
        "data-tier:network": {"data": {"internal": True, "subnet": data, "apps": str(stackfile.free_pool(client))}},
        "data-tier:postgres": {
            "image": "postgres:17",
            "resources": {"memory": "192Mi", "cpu": 1},
            "connections": 60,
            "storage": "1Gi",
            **postgres,
        },
        "data-tier:redis": {"image": "redis:8", "memory": "64Mi", "databases": {"cache": 0}},
        "data-tier:apps": {"shop": {"postgres": {"database": "shop"}}},
    }


@dataclass
class Ledger:
    """What clients were told: numbers that were committed, how long none was, and why connections ended."""

    committed: set[int] = field(default_factory=set)
    gaps: list[float] = field(default_factory=list)
    errors: dict[str, int] = field(default_factory=dict)
    last: float = 0.0

    def note(self, number: int) -> None:
        now = time.monotonic()
        self.gaps.append(now - (self.last or now))
        self.last = now
        self.committed.add(number)

    @property
    def longest(self) -> float:
        """The longest time in which no client was told of a commit."""
        return max(self.gaps, default=0.0)


class Replicated(Life):
    """A stack with members."""

    @property
    def server(self) -> dict[str, Any]:
        found: dict[str, Any] = self.told["servers"]["postgres"]
        return found

    def container(self, number: int) -> Any:
        return self.host.client.containers.get(self.server["members"][number - 1])

    def login(self, url: str = "database_url", **changed: Any) -> dict[str, Any]:
        """How the app connects, by the address of the container that its URL names."""
        secrets = self.told["secrets"]
        text = secrets["migrate_urls"]["shop"] if url == "migrate_url" else secrets["urls"]["shop"][url]
        parts = urlsplit(text)
        networks = self.host.client.containers.get(parts.hostname).attrs["NetworkSettings"]["Networks"]
        ca = self.project.root / "ca.crt"
        if not ca.exists():  # clients that connect at the same time read it
            ca.write_text(self.told["ca"])
        return {
            "host": parts.hostname,
            "hostaddr": next(iter(networks.values()))["IPAddress"],
            "port": parts.port,
            "user": parts.username,
            "password": parts.password,
            "dbname": parts.path.strip("/"),
            "sslmode": "verify-full",
            "sslrootcert": str(ca),
            "connect_timeout": 5,
            **changed,
        }

    def connect(self, url: str = "database_url", **changed: Any) -> psycopg.Connection[Any]:
        return psycopg.connect(**self.login(url, **changed), autocommit=True)

    def admin(self, number: int, query: str) -> list[str]:
        """What a member answers its admin."""
        command = ["psql", "--no-psqlrc", "-qAt", "-U", "admin", "-d", "postgres", "-c", query]
        code, said = ran(self.container(number), command, user="postgres")
        assert code == 0, said
        return said.split()

    def in_recovery(self, number: int) -> bool:
        return self.admin(number, "SELECT pg_is_in_recovery()") == ["t"]

    def switch(self, *command: str, ok: bool = True) -> Any:
        """What `switchover` or `promote` says, or the error."""
        done = self.project.operate(*command, *(["--json"] if ok else []), ok=ok)
        return json.loads(done.out) if ok else done

    def members(self) -> list[dict[str, Any]]:
        done = self.project.operate("status", "--json", ok=False)
        found: list[dict[str, Any]] = json.loads(done.out)["members"]
        return found

    def streams(self, seconds: float = 60) -> bool:
        """Whether a standby streams, waited for."""
        return self.until(lambda: any(one["receiving"] == "streaming" for one in self.members()), seconds)

    def until(self, right: Any, seconds: float = 60) -> bool:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if right():
                return True
            time.sleep(0.3)
        return False

    def prepared(self) -> None:
        """The table that clients write to."""
        with self.connect("migrate_url") as migrate:
            migrate.execute("CREATE TABLE IF NOT EXISTS ledger (number bigint PRIMARY KEY, client int)")

    def found(self) -> list[int]:
        """What is there now."""
        with self.connect() as connection:
            return [int(row[0]) for row in connection.execute("SELECT number FROM ledger")]

    @contextmanager
    def writing(self, clients: int = 4, ledger: Ledger | None = None) -> Iterator[Ledger]:
        """Clients that each commit one number after the other, connect again when they have to, and never twice the
        same: a number whose commit isn't known is left behind."""
        told, over = ledger or Ledger(), threading.Event()
        first = int(time.time() * 1000) % 1_000_000_000 * 100_000
        threads = [
            threading.Thread(target=self._write, args=(told, over, first + at * 10_000_000_000_000_00, at))
            for at in range(clients)
        ]
        for thread in threads:
            thread.start()
        try:
            time.sleep(2)
            yield told
            time.sleep(2)
        finally:
            over.set()
            for thread in threads:
                thread.join(timeout=30)
        assert not any(thread.is_alive() for thread in threads), "a client hangs"

    def _write(self, told: Ledger, over: threading.Event, number: int, client: int) -> None:
        login, connection = self.login(), None
        while not over.is_set():
            number += 1
            try:
                connection = connection or psycopg.connect(**login, autocommit=True)
                connection.execute("INSERT INTO ledger VALUES (%s, %s)", (number, client))
                told.note(number)
            except psycopg.Error as error:
                reason = str(error).strip().splitlines()[-1][:90]
                told.errors[reason] = told.errors.get(reason, 0) + 1
                if connection is not None:
                    connection.close()
                connection = None
                over.wait(0.05)
        if connection is not None:
            connection.close()
