"""A PostgreSQL server that no stack runs, as a managed service is one: TLS, an admin without SUPERUSER, other data.

A plain container on a network of its own. What a service publishes to the world is here a port of the test process on
the gateway of Docker's bridge, where the host and all containers reach it.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import docker
import psycopg

from components.tls import certificates
from components.tls.certificates import Life, Subject
from operate import archive
from operate.archive import File

NAME = "db.outside.test"
ADMIN, ADMIN_PASSWORD = "boss", "Chosen-by-somebody-else-7"
_IMAGE = "data-tier/postgres:17"
_CERTIFICATES = "/etc/outside"
_UID = 999
_SEED = "a seed of nobody but the tests"
_HBA = "local all all trust\nhostssl all all all scram-sha-256\n"
_BEFORE = f"""
    CREATE ROLE {ADMIN} LOGIN CREATEROLE CREATEDB PASSWORD '{ADMIN_PASSWORD}';
    CREATE ROLE weak LOGIN PASSWORD '{ADMIN_PASSWORD}';
    CREATE ROLE others;
"""
_WHAT_IS_THERE = (
    "SELECT rolname, rolsuper, rolcreaterole, rolcreatedb, rolconfig::text FROM pg_roles WHERE rolname !~ '^pg_'",
    "SELECT datname, datdba::regrole::text, datacl::text, datconnlimit FROM pg_database",
    "SELECT roleid::regrole::text, member::regrole::text FROM pg_auth_members",
    "SELECT name, setting FROM pg_file_settings",
    "SELECT type, database::text, user_name::text, address, auth_method FROM pg_hba_file_rules",
    "SELECT setdatabase, setrole::regrole::text, setconfig::text FROM pg_db_role_setting",
)


@dataclass
class Outside:
    """The server, and the door through which the world reaches it."""

    client: docker.DockerClient
    prefix: str
    network: Any = None
    container: Any = None
    door: socket.socket = field(default_factory=socket.socket)

    def start(self) -> None:
        self.network = self.client.networks.create(f"{self.prefix}-outside-world")
        self.container = self.client.containers.create(
            _IMAGE,
            [
                *("postgres", "-c", "ssl=on", "-c", f"ssl_cert_file={_CERTIFICATES}/tls.crt"),
                *("-c", f"ssl_key_file={_CERTIFICATES}/tls.key", "-c", "fsync=off", "-c", "listen_addresses=*"),
                *("-c", f"hba_file={_CERTIFICATES}/pg_hba.conf"),
            ],
            name=f"{self.prefix}-outside-world",
            network=self.network.name,
            environment={"POSTGRES_PASSWORD": ADMIN_PASSWORD},
            mem_limit="256m",
        )
        self.container.put_archive("/", _files(self.authority))
        self.container.start()
        self._wait()
        with self.superuser() as connection:
            connection.execute(_BEFORE)
            connection.execute("CREATE DATABASE other OWNER others")
        gateway = self.client.networks.get("bridge").attrs["IPAM"]["Config"][0]["Gateway"]
        self.door = socket.create_server((gateway, 0))
        threading.Thread(target=self._keep_the_door, daemon=True).start()

    def stop(self) -> None:
        self.door.close()
        for one in (self.container, self.network):
            if one is not None:
                one.remove(**({"force": True, "v": True} if one is self.container else {}))

    @property
    def authority(self) -> str:
        """The certificate that verifies it, in PEM."""
        return certificates.authority(_SEED, "outside", datetime.now(UTC))

    @property
    def address(self) -> tuple[str, int]:
        """Where the world reaches it."""
        host, port = self.door.getsockname()[:2]
        return str(host), int(port)

    def section(self, variable: str, ca: str) -> dict[str, Any]:
        """What a stack file says of it: its admin's password in an environment variable, its authority in `ca`."""
        address, port = self.address
        password = {"env": variable}
        return {"host": NAME, "hostaddr": address, "port": port, "admin": ADMIN, "password": password, "ca": ca}

    def superuser(self, database: str = "postgres") -> psycopg.Connection[Any]:
        """What nobody but its own keeper has."""
        return psycopg.connect(
            host=self._own_address, user="postgres", password=ADMIN_PASSWORD, dbname=database, autocommit=True
        )

    def rows(self, query: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        with self.superuser(database) as connection:
            return connection.execute(query.encode()).fetchall()

    def everything(self) -> list[list[tuple[Any, ...]]]:
        """What the server itself consists of: roles, databases, memberships, settings, who may come in."""
        return [sorted(self.rows(query), key=str) for query in _WHAT_IS_THERE]

    @property
    def _own_address(self) -> str:
        self.container.reload()
        return str(self.container.attrs["NetworkSettings"]["Networks"][self.network.name]["IPAddress"])

    def _wait(self) -> None:
        end = time.monotonic() + 60
        while True:
            try:
                self.superuser().close()
            except psycopg.OperationalError:
                if time.monotonic() > end:
                    raise TimeoutError(self.container.logs(tail=5).decode()) from None
                time.sleep(0.3)
            else:
                return

    def _keep_the_door(self) -> None:
        with suppress(OSError):  # it was closed
            while True:
                came, _ = self.door.accept()
                there = socket.create_connection((self._own_address, 5432))
                for one, other in ((came, there), (there, came)):
                    threading.Thread(target=_pass_on, args=(one, other), daemon=True).start()


@contextmanager
def running(client: docker.DockerClient, prefix: str) -> Iterator[Outside]:
    """A server that outlives the stack."""
    server = Outside(client, prefix)
    try:
        server.start()
        yield server
    finally:
        server.stop()


def _pass_on(one: socket.socket, other: socket.socket) -> None:
    with suppress(OSError):
        while piece := one.recv(65536):
            other.sendall(piece)
    for end in (one, other):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


def _files(authority: str) -> bytes:
    subject = Subject(names=[NAME], addresses=[])
    made = certificates.issue(_SEED, "outside", subject, Life(days=30, renew=10), datetime.now(UTC))
    texts = {"tls.crt": made.certificate, "tls.key": made.key, "ca.crt": authority, "pg_hba.conf": _HBA}
    return archive.pack(
        {f"{_CERTIFICATES}/{name}": File(data=text.encode(), mode=0o600, owner=_UID) for name, text in texts.items()}
    )
