"""The way from this host to a MongoDB server as its admin. What is asked of it belongs to the callers."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from pymongo import MongoClient

SECONDS = 10

Client = MongoClient[dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Way:
    """Where a server is, who asks, and what it is verified by (PEM); None for one without TLS."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    ca: str | None = None


@contextmanager
def connected(way: Way, *, seconds: float = SECONDS, verified: bool = True) -> Iterator[Client]:
    """A client of the server, which connects with the first command and waits `seconds` for each answer.

    Commands raise PyMongoError. Not `verified` is for a server whose certificate has expired.
    """
    with ExitStack() as stack:
        tls: dict[str, Any] = {"tls": way.ca is not None}
        if way.ca is not None and verified:
            file = stack.enter_context(tempfile.NamedTemporaryFile("w", prefix="ca-", suffix=".crt"))
            file.write(way.ca)  # the driver takes a path only; it is no secret
            file.flush()
            tls["tlsCAFile"] = file.name
        elif way.ca is not None:
            tls["tlsInsecure"] = True
        milliseconds = int(seconds * 1000)
        client: Client = MongoClient(
            way.host,
            way.port,
            username=way.user,
            password=way.password,
            authSource="admin",
            authMechanism="SCRAM-SHA-256",
            directConnection=True,
            appname="data-tier",
            serverSelectionTimeoutMS=milliseconds,
            connectTimeoutMS=milliseconds,
            socketTimeoutMS=milliseconds,
            **tls,
        )
        stack.enter_context(client)
        yield client


def sessions(client: Client, users: Mapping[str, str]) -> list[dict[str, Any]]:
    """The connections that are logged in as one of `users` (name to database), idle ones too. Raises PyMongoError."""
    found = client.admin.command({"currentOp": 1, "$all": True})["inprog"]
    return [one for one in found if any(users.get(its["user"]) == its["db"] for its in one.get("effectiveUsers") or ())]
