"""An app's users on a MongoDB server, set or deleted while it runs.

Run as `python -m operate.mongo_users set|settle|lock|delete|purge`, with everything in the environment, so that no
password is in a command line: MONGO_HOST, MONGO_PORT, MONGO_ADMIN, MONGO_ADMIN_PASSWORD, MONGO_CA (PEM) where the
server speaks TLS, MONGO_DATABASE, MONGO_USER and MONGO_FORMER_USER; for set MONGO_PASSWORD, and MONGO_FORMER_PASSWORD
where the user of the generation before is kept open; for settle MONGO_DRAIN, seconds.

`set` makes the current user or gives it exactly its password and rights. `settle` deletes the former one when its
sessions have ended or the time is over. `lock` deletes both, because MongoDB has no way to lock one: they come back
with `set`. `purge` deletes the database with them. Owns what a user may do.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from typing import Final

from pymongo.errors import OperationFailure, PyMongoError

from operate import step
from operate.errors import OperateError
from operate.mongo_client import Client, Way, connected, sessions
from operate.step import Environment, Step

_GRACE: Final = 2.0  # seconds in which a client may still use what it has just read from the old file
_PAUSE: Final = 0.25
_NO_SUCH_USER: Final = 11


def set_user(server: Client, database: str, user: str, password: str) -> None:
    """Create a user of one database, or give it exactly this password and these rights. Raises PyMongoError."""
    command = "updateUser" if _exists(server, database, user) else "createUser"
    server[database].command(
        command,
        user,
        pwd=password,
        roles=[{"role": "readWrite", "db": database}],
        mechanisms=["SCRAM-SHA-256"],
    )


def drop_users(server: Client, database: str, users: Sequence[str]) -> None:
    """Delete users, where they are there, and end what they do. Raises PyMongoError.

    MongoDB takes the rights of open connections with the user.
    """
    for user in users:
        try:
            server[database].command("dropUser", user)
        except OperationFailure as error:
            if error.code != _NO_SUCH_USER:
                raise
    for session in sessions(server, dict.fromkeys(users, database)):
        if session.get("opid") is not None:
            server.admin.command("killOp", op=session["opid"])


def settle(
    server: Client,
    database: str,
    former: str,
    seconds: float,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], object] = time.sleep,
) -> int:
    """Delete the former user when its sessions have ended or the time is over; how many there were then.

    Raises PyMongoError.
    """
    start = clock()
    while True:
        left, passed = len(sessions(server, {former: database})), clock() - start
        if passed >= _GRACE and (left == 0 or passed >= seconds):
            drop_users(server, database, [former])
            return left
        sleep(_PAUSE)


def _exists(server: Client, database: str, user: str) -> bool:
    return bool(server[database].command("usersInfo", {"user": user, "db": database})["users"])


def _set(server: Client, environment: Environment) -> None:
    database, kept = environment["MONGO_DATABASE"], environment.get("MONGO_FORMER_PASSWORD")
    set_user(server, database, environment["MONGO_USER"], environment["MONGO_PASSWORD"])
    if kept:
        set_user(server, database, environment["MONGO_FORMER_USER"], kept)


def _settle(server: Client, environment: Environment) -> None:
    former = environment["MONGO_FORMER_USER"]
    left = settle(server, environment["MONGO_DATABASE"], former, float(environment["MONGO_DRAIN"]))
    if left:
        print(f"{former} is deleted, and {left} connections of its clients with it: they must read their file")


def _lock(server: Client, environment: Environment) -> None:
    drop_users(server, environment["MONGO_DATABASE"], [environment["MONGO_USER"], environment["MONGO_FORMER_USER"]])


def _purge(server: Client, environment: Environment) -> None:
    _lock(server, environment)
    server.drop_database(environment["MONGO_DATABASE"])


def _way(environment: Environment) -> Way:
    return Way(
        host=environment["MONGO_HOST"],
        port=int(environment["MONGO_PORT"]),
        user=environment["MONGO_ADMIN"],
        password=environment["MONGO_ADMIN_PASSWORD"],
        ca=environment.get("MONGO_CA"),
    )


def said(error: PyMongoError) -> str:
    """The kind of an error and the first part of its text: the rest repeats the answer and the topology."""
    text = error.details.get("errmsg", "") if isinstance(error, OperationFailure) and error.details else str(error)
    return f"{type(error).__name__}: {str(text).partition(', ')[0]}"


def _step(name: str, do: Callable[[Client, Environment], None]) -> Step:
    def carried_out(environment: Environment) -> None:
        database, where = environment["MONGO_DATABASE"], f"{environment['MONGO_HOST']}:{environment['MONGO_PORT']}"
        try:
            with connected(_way(environment)) as server:
                do(server, environment)
        except PyMongoError as error:
            raise OperateError(f"cannot {name} users of {database} on MongoDB at {where}: {said(error)}") from None

    return carried_out


_DO: Final = {"set": _set, "settle": _settle, "lock": _lock, "delete": _lock, "purge": _purge}
STEPS: Final = {name: _step(name, do) for name, do in _DO.items()}


if __name__ == "__main__":
    sys.exit(step.main("mongo_users", STEPS, sys.argv[1:], os.environ))
