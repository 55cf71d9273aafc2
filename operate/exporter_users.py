"""The exporter's user on a Redis server, set or deleted while it runs.

Run as `python -m operate.exporter_users set|delete`, with everything in the environment, so that no password is in a
command line: REDIS_HOST, REDIS_PORT, REDIS_ADMIN_PASSWORD, REDIS_EXPORTER (the user), for set
REDIS_EXPORTER_PASSWORD, and REDIS_CA (PEM) where the server speaks TLS. Owns what an exporter may do there.
"""

from __future__ import annotations

import hashlib
import os
import sys
from typing import Final

import redis

from operate import redis_users, step
from operate.redis_users import Server
from operate.step import Environment, Step

# INFO and the latest latencies: figures alone. Not SLOWLOG GET, which shows what apps have asked, and no CONFIG.
_COMMANDS: Final = ("+ping", "+info", "+latency|latest", "+slowlog|len")


def rules(password: str) -> list[str]:
    """The rules of ACL SETUSER: no key, no channel, and only the commands that it needs."""
    digest = hashlib.sha256(password.encode()).hexdigest()
    return ["reset", "on", f"#{digest}", "resetkeys", "resetchannels", "-@all", *_COMMANDS]


def _set(server: Server, environment: Environment) -> None:
    server.execute_command(
        "ACL", "SETUSER", environment["REDIS_EXPORTER"], *rules(environment["REDIS_EXPORTER_PASSWORD"])
    )
    server.execute_command("ACL", "SAVE")


def _delete(server: Server, environment: Environment) -> None:
    redis_users.delete_user(server, environment["REDIS_EXPORTER"])


def _step(name: str) -> Step:
    def carried_out(environment: Environment) -> None:
        user, where = environment["REDIS_EXPORTER"], f"{environment['REDIS_HOST']}:{environment['REDIS_PORT']}"
        with (
            step.telling(f"cannot {name} user {user} on Redis at {where}", redis.RedisError),
            redis_users.connect(environment) as server,
        ):
            _DO[name](server, environment)

    return carried_out


_DO: Final = {"set": _set, "delete": _delete}
STEPS: Final = {name: _step(name) for name in _DO}


if __name__ == "__main__":
    sys.exit(step.main("exporter_users", STEPS, sys.argv[1:], os.environ))
