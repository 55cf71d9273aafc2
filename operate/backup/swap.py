"""A database beside an app's takes its place, and the app's stays under another name: two renames in one transaction.

The first of them waits with the database's lock held until its sessions have ended, so that whoever connects meanwhile
waits too instead of getting in between; ending the sessions is done beside it. Killed at any moment there is one
database of the app's name, the former or the new one. Owns neither database's content.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from operate.backup import psql
from operate.errors import OperateError
from operate.postgres_tools import Tools

LONGEST_NAME: Final = 63  # PostgreSQL cuts what is longer
_TRIES: Final = 3
_PAUSE: Final = 0.1
_END: Final = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
 WHERE datname IN (:'name', :'beside') AND pid <> pg_backend_pid() \\g /dev/null
"""
_RENAME: Final = """
BEGIN;
SET LOCAL lock_timeout = '10s';
ALTER DATABASE :"name" RENAME TO :"former";
ALTER DATABASE :"beside" RENAME TO :"name";
COMMIT;
"""
_OWNERS: Final = """
SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = :'beside';
"""
_BESIDE: Final = """
SELECT d.datname FROM pg_database d JOIN pg_database app ON app.datdba = d.datdba
 WHERE app.datname = :'name' AND d.datname <> app.datname AND NOT starts_with(d.datname, :'scratch') ORDER BY 1;
"""


@dataclass(frozen=True, kw_only=True)
class Swapped:
    """The app's database, what it was renamed to, and for how many seconds nobody could connect."""

    database: str
    former: str
    seconds: float


def former_name(database: str, stamp: str) -> str:
    """What the app's database is called after a swap at a time like 20261121093000."""
    suffix = f"_before_{stamp}"
    return f"{database[: LONGEST_NAME - len(suffix)]}{suffix}"


def restored_name(database: str) -> str:
    """What a restored database is called where nobody says otherwise."""
    suffix = "_restored"
    return f"{database[: LONGEST_NAME - len(suffix)]}{suffix}"


def beside(tools: Tools, database: str, scratch: str) -> list[str]:
    """The databases of the same owner: restored ones, and those from before a swap. Raises OperateError."""
    return psql.ask(tools, _BESIDE, what=f"look for databases beside {database}", name=database, scratch=scratch)


def owner(tools: Tools, database: str) -> str | None:
    """Whose a database is, None where there is none of the name. Raises OperateError."""
    return next(iter(psql.ask(tools, _OWNERS, what=f"look for {database}", beside=database)), None)


def exchange(
    tools: Tools, database: str, beside: str, former: str, *, clock: Callable[[], float] = time.monotonic
) -> Swapped:
    """Give `beside` the place of `database`, which is called `former` from then on; sessions of both end.

    Raises OperateError; then both are as they were.
    """
    for left in reversed(range(_TRIES)):
        began = clock()
        try:
            _try(tools, database, beside, former)
        except OperateError as error:
            if left and "accessed by other users" in str(error):
                continue
            raise
        break
    return Swapped(database=database, former=former, seconds=round(clock() - began, 2))


def _try(tools: Tools, database: str, beside: str, former: str) -> None:
    def rename() -> None:
        psql.ask(tools, _RENAME, what=f"swap {beside} in", name=database, beside=beside, former=former)

    with ThreadPoolExecutor(max_workers=1) as pool:
        renaming: Future[None] = pool.submit(rename)
        while not renaming.done():
            psql.ask(tools, _END, what=f"end the sessions of {database}", name=database, beside=beside)
            time.sleep(_PAUSE)
        renaming.result()
