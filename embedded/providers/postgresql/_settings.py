"""The provider's own settings: which server, and who manages it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Where the server is and who manages it."""

    host: str = "localhost"
    port: int = 5432
    username: str = "postgres"
    password: str = ""
    database: str = "postgres"
    sslmode: str = "require"  # as the official plugin: a server without TLS needs "disable"
    sslrootcert: str | None = None
    superuser: bool = True
    connect_timeout: int = 180
    max_connections: int = 20

    @classmethod
    def parse(cls, inputs: Mapping[str, Any]) -> Settings:
        """From provider inputs, whose values are text."""
        names = {"connectTimeout": "connect_timeout", "maxConnections": "max_connections"}
        given = {names.get(key, key): value for key, value in inputs.items() if value not in (None, "")}
        known = {key: value for key, value in given.items() if key in cls.__dataclass_fields__}
        for key in ("port", "connect_timeout", "max_connections"):
            if key in known:
                known[key] = int(known[key])
        if "superuser" in known:
            known["superuser"] = str(known["superuser"]).lower() == "true"
        return cls(**known)
