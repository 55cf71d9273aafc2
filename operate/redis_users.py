"""An app's user on a shared Redis server, set or deleted while it runs.

Run as `python -m operate.redis_users set|delete`, with everything in the environment, so that no password is in a
command line: REDIS_HOST, REDIS_PORT, REDIS_ADMIN_PASSWORD, REDIS_APP, and for set REDIS_APP_PASSWORD and
REDIS_DATABASES (numbers with commas). Owns the access rules of an app; the server's own belong to its component.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

import redis

ADMIN: Final = "admin"
_USAGE: Final = 2
_BEYOND_THE_PREFIX: Final = (
    "copy", "move", "scan", "randomkey", "pubsub", "function", "script|flush", "script|kill",
)  # fmt: skip


class Server(Protocol):
    """What is used of a Redis client."""

    def execute_command(self, *command: Any) -> Any:
        """Run one command and return its answer."""


def access_rules(app: str, databases: Sequence[int], password: str) -> list[str]:
    """The rules of ACL SETUSER for `app`: its own keys and channels by prefix, in `databases`, nothing dangerous.

    The prefix is the fence; the numbers keep purposes apart. The password goes in as its SHA-256 digest. Also off is
    what the prefix doesn't hold back: MOVE and COPY reach into another number, SCAN, RANDOMKEY and PUBSUB show other
    apps' names, FUNCTION replaces libraries that others call, SCRIPT FLUSH and KILL stop theirs (tried on 7.0).
    """
    digest = hashlib.sha256(password.encode()).hexdigest()
    selects = [f"+select|{number}" for number in sorted(set(databases))]
    keys = ["resetkeys", f"~{app}:*", "resetchannels", f"&{app}:*"]
    commands = ["+@all", "-@dangerous", "-@admin", "-select", *selects, *(f"-{name}" for name in _BEYOND_THE_PREFIX)]
    return ["reset", "on", f"#{digest}", *keys, *commands]


def set_user(server: Server, app: str, databases: Sequence[int], password: str) -> None:
    """Create the user of `app` or give it exactly these rules, and keep it over a restart. Raises RedisError."""
    server.execute_command("ACL", "SETUSER", app, *access_rules(app, databases, password))
    server.execute_command("ACL", "SAVE")


def delete_user(server: Server, app: str) -> None:
    """Delete the user of `app`, which ends its connections, and keep that over a restart. Raises RedisError."""
    server.execute_command("ACL", "DELUSER", app)
    server.execute_command("ACL", "SAVE")


def _connect(environment: Mapping[str, str]) -> Server:
    return redis.Redis(
        host=environment["REDIS_HOST"],
        port=int(environment["REDIS_PORT"]),
        username=ADMIN,
        password=environment["REDIS_ADMIN_PASSWORD"],
        socket_connect_timeout=10,
        socket_timeout=10,
    )


def main(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Do what `arguments` say; the exit code. Errors name the app and the server, never a password."""
    if list(arguments) not in (["set"], ["delete"]):
        print("usage: python -m operate.redis_users set|delete", file=sys.stderr)
        return _USAGE
    try:
        app, server = environment["REDIS_APP"], _connect(environment)
        if arguments[0] == "delete":
            delete_user(server, app)
        else:
            databases = [int(number) for number in environment["REDIS_DATABASES"].split(",")]
            set_user(server, app, databases, environment["REDIS_APP_PASSWORD"])
    except KeyError as error:
        print(f"{error.args[0]} is not set in the environment", file=sys.stderr)
        return _USAGE
    except redis.RedisError as error:
        where = f"{environment['REDIS_HOST']}:{environment['REDIS_PORT']}"
        print(f"cannot {arguments[0]} user {app} on Redis at {where}: {type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
