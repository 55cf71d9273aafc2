"""Tells a running server to take its renewed certificate, and waits until it shows it. Connections stay open.

Run as `python -m operate.reload_tls postgres|redis|mongo`, with everything in the environment, so that no password is
in a command line: TLS_HOST, TLS_PORT, TLS_CA (PEM), TLS_FINGERPRINT (SHA-256 of the certificate to wait for),
TLS_USER, TLS_PASSWORD. A server that has no certificate that can be verified any more is told all the same: how else
would it get a new one? The new one is verified as clients do, by name and authority.
"""

from __future__ import annotations

import hashlib
import os
import socket
import ssl
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

import psycopg
import redis
from pymongo.errors import OperationFailure, PyMongoError

from operate import mongo_client, step
from operate.certificate_files import CERTIFICATE, KEY
from operate.step import Environment, Step

_NO_SUCH_COMMAND: Final = 59  # MongoDB's CommandNotFound
_SECONDS: Final = 20.0
_CONNECT_SECONDS: Final = 10
_SSL_REQUEST: Final = b"\x00\x00\x00\x08\x04\xd2\x16\x2f"  # PostgreSQL's own question before TLS begins


@dataclass(frozen=True, kw_only=True)
class Server:
    """Where the server is, who may tell it, what its certificate is verified by and must be."""

    host: str
    port: int
    ca: str
    fingerprint: str
    user: str
    password: str = field(repr=False)

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Server:
        """The server that the environment describes. Raises KeyError."""
        return cls(
            host=environment["TLS_HOST"],
            port=int(environment["TLS_PORT"]),
            ca=environment["TLS_CA"],
            fingerprint=environment["TLS_FINGERPRINT"],
            user=environment["TLS_USER"],
            password=environment["TLS_PASSWORD"],
        )


def shown(server: Server, *, postgres: bool) -> str:
    """The fingerprint of the certificate that a client is shown, verified as a client does. Raises OSError."""
    context = ssl.create_default_context(cadata=server.ca)
    with socket.create_connection((server.host, server.port), _CONNECT_SECONDS) as plain:
        if postgres:
            plain.sendall(_SSL_REQUEST)
            if plain.recv(1) != b"S":
                raise ConnectionError("it doesn't offer TLS")
        with context.wrap_socket(plain, server_hostname=server.host) as channel:
            return hashlib.sha256(channel.getpeercert(binary_form=True) or b"").hexdigest()


def _tell_postgres(server: Server) -> None:
    with psycopg.connect(
        host=server.host,
        port=server.port,
        user=server.user,
        password=server.password,
        dbname="postgres",
        sslmode="require",
        connect_timeout=_CONNECT_SECONDS,
        autocommit=True,
    ) as connection:
        connection.execute("SELECT pg_reload_conf()")


def _tell_redis(server: Server) -> None:
    with redis.Redis(
        host=server.host,
        port=server.port,
        username=server.user,
        password=server.password,
        ssl=True,
        ssl_cert_reqs="none",
        ssl_check_hostname=False,
        socket_connect_timeout=_CONNECT_SECONDS,
        socket_timeout=_CONNECT_SECONDS,
    ) as client:
        # the same paths as before: Redis loads them again whenever they are set
        client.execute_command("CONFIG", "SET", "tls-cert-file", CERTIFICATE, "tls-key-file", KEY)


def _tell_mongo(server: Server) -> None:
    way = mongo_client.Way(host=server.host, port=server.port, user=server.user, password=server.password, ca=server.ca)
    with mongo_client.connected(way, seconds=_CONNECT_SECONDS, verified=False) as client:
        try:
            client.admin.command("rotateCertificates")
        except OperationFailure as error:
            if error.code != _NO_SUCH_COMMAND:  # what stands in for MongoDB reads the file by itself
                raise


_TELL: Final[Mapping[str, Callable[[Server], None]]] = {
    "postgres": _tell_postgres,
    "redis": _tell_redis,
    "mongo": _tell_mongo,
}


def reload(kind: str, server: Server, seconds: float = _SECONDS) -> None:
    """Until the server shows the certificate of `fingerprint`. Raises OSError or the error of its driver."""
    postgres, until = kind == "postgres", time.monotonic() + seconds
    _TELL[kind](server)
    while True:
        try:
            if shown(server, postgres=postgres) == server.fingerprint:
                return
            reason: OSError = TimeoutError("it still shows another certificate; its log says why")
        except ssl.SSLCertVerificationError as error:  # the old one, expired, or of another authority
            reason = error
        if time.monotonic() > until:
            raise reason
        time.sleep(0.1)


def _step(kind: str) -> Step:
    def reloaded(environment: Environment) -> None:
        server = Server.of(environment)
        what = f"the certificate of {kind} at {server.host}:{server.port} can't be renewed"
        with step.telling(what, OSError, psycopg.Error, redis.RedisError, PyMongoError):
            reload(kind, server)

    return reloaded


STEPS: Final = {kind: _step(kind) for kind in _TELL}


if __name__ == "__main__":
    sys.exit(step.main("reload_tls", STEPS, sys.argv[1:], os.environ))
