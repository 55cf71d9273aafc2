"""Turns the admin of a running server from the password before to the current one. No container is touched.

Run as `python -m operate.turn_admin postgres|redis|mongo`, with everything in the environment, so that no password is
in a command line: TURN_HOST, TURN_PORT, TURN_USER, TURN_PASSWORD, TURN_FORMER_PASSWORD, and TURN_TLS: 1, or 0 where
the server takes connections in clear.

The current password is tried first: what was cut short, or is run again, ends in the same state. The server isn't
verified, as the provider doesn't: the way is from the host to a container on one machine, and a server whose
certificate has expired must be told too, or it would never be told of the next certificate.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import psycopg
import redis
from psycopg import sql
from pymongo.errors import OperationFailure, PyMongoError

from operate import mongo_client, step
from operate.step import Environment, Step

_REFUSED: Final = 18  # MongoDB's AuthenticationFailed
_SECONDS: Final = 10
# The statement has a verifier and no password; it needn't be in a log either.
_SILENT: Final = "-c log_statement=none -c log_min_duration_statement=-1 -c log_min_error_statement=panic"


@dataclass(frozen=True, kw_only=True)
class Admin:
    """Where the server is, and who its admin is."""

    host: str
    port: int
    tls: bool
    user: str
    current: str = field(repr=False)
    former: str = field(repr=False)

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Admin:
        """What the environment describes. Raises KeyError."""
        return cls(
            host=environment["TURN_HOST"],
            port=int(environment["TURN_PORT"]),
            tls=environment["TURN_TLS"] == "1",
            user=environment["TURN_USER"],
            current=environment["TURN_PASSWORD"],
            former=environment["TURN_FORMER_PASSWORD"],
        )


def turn_postgres(admin: Admin) -> None:
    """Until PostgreSQL takes the current password. Raises psycopg.Error."""
    try:
        _postgres(admin, admin.current).close()
    except psycopg.OperationalError as refused:
        try:
            server = _postgres(admin, admin.former)
        except psycopg.OperationalError:
            raise refused from None
        with server:
            _alter(server, admin)
        _postgres(admin, admin.current).close()


def _postgres(admin: Admin, password: str) -> psycopg.Connection[Any]:
    return psycopg.connect(
        host=admin.host,
        port=admin.port,
        user=admin.user,
        password=password,
        dbname="postgres",
        sslmode="require" if admin.tls else "disable",
        connect_timeout=_SECONDS,
        application_name="data-tier rotation",
        options=_SILENT,
        autocommit=True,
    )


def _alter(server: psycopg.Connection[Any], admin: Admin) -> None:
    """By a verifier that is made here, so that the password itself never leaves this process."""
    verifier = server.pgconn.encrypt_password(admin.current.encode(), admin.user.encode(), b"scram-sha-256").decode()
    server.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(admin.user), sql.Literal(verifier)))


def turn_redis(admin: Admin) -> None:
    """Until Redis takes the current password and no other, also after a restart. Raises redis.RedisError."""
    try:
        _tell_redis(admin, admin.current)
    except redis.AuthenticationError as refused:
        try:
            _tell_redis(admin, admin.former)
        except redis.AuthenticationError:
            raise refused from None


def _tell_redis(admin: Admin, password: str) -> None:
    digest = hashlib.sha256(admin.current.encode()).hexdigest()
    with redis.Redis(
        single_connection_client=True,
        host=admin.host,
        port=admin.port,
        username=admin.user,
        password=password,
        ssl=admin.tls,
        ssl_cert_reqs="none",
        ssl_check_hostname=False,
        socket_connect_timeout=_SECONDS,
        socket_timeout=_SECONDS,
    ) as server:
        server.execute_command("ACL", "SETUSER", admin.user, "resetpass", f"#{digest}")
        server.execute_command("ACL", "SAVE")


def turn_mongo(admin: Admin) -> None:
    """Until MongoDB takes the current password and no other. Raises PyMongoError."""
    try:
        _tell_mongo(admin, admin.current)
    except OperationFailure as refused:
        if refused.code != _REFUSED:
            raise
        try:
            _tell_mongo(admin, admin.former)
        except OperationFailure as again:
            raise refused if again.code == _REFUSED else again from None


def _tell_mongo(admin: Admin, password: str) -> None:
    """MongoDB takes a password and no verifier of it; its log has neither."""
    authority = "" if admin.tls else None  # not verified
    way = mongo_client.Way(host=admin.host, port=admin.port, user=admin.user, password=password, ca=authority)
    with mongo_client.connected(way, seconds=_SECONDS, verified=False) as server:
        server.admin.command("updateUser", admin.user, pwd=admin.current)


def _step(kind: str, turn: Callable[[Admin], None]) -> Step:
    def turned(environment: Environment) -> None:
        admin = Admin.of(environment)
        what = f"the admin of {kind} at {admin.host}:{admin.port} can't turn"
        with step.telling(what, psycopg.Error, redis.RedisError, PyMongoError):
            turn(admin)

    return turned


STEPS: Final = {
    kind: _step(kind, turn)
    for kind, turn in (("postgres", turn_postgres), ("redis", turn_redis), ("mongo", turn_mongo))
}


if __name__ == "__main__":
    sys.exit(step.main("turn_admin", STEPS, sys.argv[1:], os.environ))
