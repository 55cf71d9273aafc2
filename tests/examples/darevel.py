"""What Darevel's document says of its apps, as a table, and its connections from the host."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import psycopg

from tests.examples.example import Example

SETTINGS = {"shared_buffers": "256MB", "max_connections": "100", "work_mem": "4MB"}


@dataclass(frozen=True)
class Documented:
    """A line of the document's tables."""

    port: int
    container: str
    database: str
    volume: str
    settings: dict[str, str] = field(default_factory=lambda: dict(SETTINGS))


APPS = {
    "infra": Documented(5433, "darevel-postgres-infra", "keycloak", "darevel-postgres-infra"),
    "chat": Documented(5434, "darevel-postgres-chat", "darevel_chat", "darevel-postgres-chat-data"),
    "slides": Documented(5435, "darevel-postgres-slides", "darevel_slides", "darevel-postgres-slides-data"),
    "suite": Documented(5436, "darevel-postgres-suite", "darevel_suite", "darevel-postgres-suite-data"),
    "mail": Documented(5437, "darevel-postgres-mail", "darevel_mail", "darevel-postgres-mail-data"),
    "sheet": Documented(5438, "darevel-postgres-sheet", "darevel_sheet", "darevel-postgres-sheet-data"),
}
BACKENDS = {"chat": 8081, "slides": 8084, "suite": 8085, "mail": 8086, "sheet": 8089}


def server_of(darevel: Example, app: str) -> str:
    """The container of the server that an app's database is on, without what the tests put before its name."""
    name: str = darevel.told["servers"][darevel.server(app)]["name"]
    return name.removeprefix(f"{darevel.host.prefix}-")


def connect(darevel: Example, app: str, **changed: Any) -> psycopg.Connection[Any]:
    """As the document connects from the host: by the port of loopback, as postgres, with TLS that verifies the name."""
    its = darevel.told["servers"][f"postgres-{app}"]
    ca = darevel.project.root / "ca.crt"
    ca.write_text(darevel.told["ca"])
    login = {
        "host": its["name"],
        "hostaddr": "127.0.0.1",
        "port": its["expose"],
        "user": "postgres",
        "password": darevel.told["secrets"]["admin_passwords"][f"postgres-{app}"],
        "dbname": APPS[app].database,
        "sslmode": "verify-full",
        "sslrootcert": str(ca),
        "connect_timeout": 5,
    }
    return psycopg.connect(**{**login, **changed}, autocommit=True)
