"""An app's user on a Redis server, set, locked or deleted while it runs.

Run as `python -m operate.redis_users set|settle|lock|delete|purge`, with everything in the environment, so that no
password is in a command line: REDIS_HOST, REDIS_PORT, REDIS_ADMIN_PASSWORD, REDIS_APP, for all but lock and delete
REDIS_DATABASES (numbers with commas), for set and settle REDIS_APP_PASSWORD, for set REDIS_FORMER_PASSWORD where the
password of the generation before is let in beside it, unless it was taken away already, and REDIS_CA (PEM) where the
server speaks TLS. `settle` takes the former one away after a moment, in which who has just read it may use it. `purge`
deletes the app's keys with its user. Owns the access rules of an app; the server's own belong to its component.
"""

from __future__ import annotations

import hashlib
import os
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol

import redis

from operate import step
from operate.step import Environment, Step

ADMIN: Final = "admin"
_GRACE: Final = 2.0  # seconds
_KEYS_AT_ONCE: Final = 1000
_BEYOND_THE_PREFIX: Final = (
    "copy", "move", "scan", "randomkey", "pubsub", "function", "script|flush", "script|kill",
)  # fmt: skip


class Server(Protocol):
    """What is used of a Redis client."""

    def execute_command(self, *command: Any) -> Any:
        """Run one command and return its answer."""


def access_rules(app: str, databases: Sequence[int], *passwords: str) -> list[str]:
    """The rules of ACL SETUSER for `app`: its own keys and channels by prefix, in `databases`, nothing dangerous.

    The prefix is the fence; the numbers keep purposes apart. Passwords go in as their SHA-256 digests. Also off is
    what the prefix doesn't hold back: MOVE and COPY reach into another number, SCAN, RANDOMKEY and PUBSUB show other
    apps' names, FUNCTION replaces libraries that others call, SCRIPT FLUSH and KILL stop theirs (tried on 7.0).
    """
    digests = [f"#{_digest(password)}" for password in passwords]
    selects = [f"+select|{number}" for number in sorted(set(databases))]
    keys = ["resetkeys", f"~{app}:*", "resetchannels", f"&{app}:*"]
    commands = ["+@all", "-@dangerous", "-@admin", "-select", *selects, *(f"-{name}" for name in _BEYOND_THE_PREFIX)]
    return ["reset", "on", *digests, *keys, *commands]


def set_user(server: Server, app: str, databases: Sequence[int], *passwords: str) -> None:
    """Create the user of `app` or give it exactly these rules, and keep it over a restart; nobody is logged out.

    Raises RedisError.
    """
    server.execute_command("ACL", "SETUSER", app, *access_rules(app, databases, *passwords))
    server.execute_command("ACL", "SAVE")


def has_turned(server: Server, app: str, current: str, former: str) -> bool:
    """Whether `app` has the `current` password and no more the `former` one, which must stay so. Raises RedisError."""
    known = str(server.execute_command("ACL", "GETUSER", app))
    return _digest(current) in known and _digest(former) not in known


def lock_user(server: Server, app: str) -> None:
    """Let nobody log in as `app` and end its connections; its rules and keys stay. Raises RedisError."""
    server.execute_command("ACL", "SETUSER", app, "off")
    server.execute_command("CLIENT", "KILL", "USER", app)  # who is logged in would stay so
    server.execute_command("ACL", "SAVE")


def delete_keys(server: Server, app: str, databases: Sequence[int]) -> None:
    """Delete the keys of `app` in `databases`, a few at a time so that others are served. Raises RedisError."""
    for number in databases:
        server.execute_command("SELECT", number)
        cursor = 0
        while True:
            cursor, keys = server.execute_command("SCAN", cursor, "MATCH", f"{app}:*", "COUNT", _KEYS_AT_ONCE)
            if keys:
                server.execute_command("UNLINK", *keys)
            if int(cursor) == 0:
                break


def delete_user(server: Server, app: str) -> None:
    """Delete the user of `app`, which ends its connections, and keep that over a restart. Raises RedisError."""
    server.execute_command("ACL", "DELUSER", app)
    server.execute_command("ACL", "SAVE")


def _digest(password: str) -> str:
    return hashlib.sha256(password.encode()).hexdigest()


def connect(environment: Environment) -> redis.Redis:
    """To the server that the environment names, as its admin."""
    ca = environment.get("REDIS_CA")
    return redis.Redis(
        single_connection_client=True,  # SELECT belongs to a connection
        host=environment["REDIS_HOST"],
        port=int(environment["REDIS_PORT"]),
        username=ADMIN,
        password=environment["REDIS_ADMIN_PASSWORD"],
        socket_connect_timeout=10,
        socket_timeout=10,
        ssl=bool(ca),
        ssl_ca_data=ca,
    )


def _set(server: Server, app: str, environment: Environment) -> None:
    current, former = environment["REDIS_APP_PASSWORD"], environment.get("REDIS_FORMER_PASSWORD")
    both = former and not has_turned(server, app, current, former)
    set_user(server, app, _numbers(environment), *([current, former] if both else [current]))


def _settle(server: Server, app: str, environment: Environment) -> None:
    time.sleep(_GRACE)
    set_user(server, app, _numbers(environment), environment["REDIS_APP_PASSWORD"])


def _lock(server: Server, app: str, _: Environment) -> None:
    lock_user(server, app)


def _delete(server: Server, app: str, _: Environment) -> None:
    delete_user(server, app)


def _purge(server: Server, app: str, environment: Environment) -> None:
    delete_keys(server, app, _numbers(environment))
    delete_user(server, app)


def _numbers(environment: Environment) -> list[int]:
    return [int(number) for number in environment["REDIS_DATABASES"].split(",")]


def _step(name: str, do: Callable[[Server, str, Environment], None]) -> Step:
    def carried_out(environment: Environment) -> None:
        app, where = environment["REDIS_APP"], f"{environment['REDIS_HOST']}:{environment['REDIS_PORT']}"
        with (
            step.telling(f"cannot {name} user {app} on Redis at {where}", redis.RedisError),
            connect(environment) as server,
        ):
            do(server, app, environment)

    return carried_out


_DO: Final = {"set": _set, "settle": _settle, "lock": _lock, "delete": _delete, "purge": _purge}
STEPS: Final = {name: _step(name, do) for name, do in _DO.items()}


if __name__ == "__main__":
    sys.exit(step.main("redis_users", STEPS, sys.argv[1:], os.environ))
