"""What the members of a PostgreSQL server need and no resource says: what their login may read, and that none is taken
away while it is the primary.

Run as `python -m operate.member_steps grant|here|leave`, with everything in the environment, so that no password is in
a command line. For grant: PGHOST, PGPORT, PGUSER, PGPASSWORD and PGDATABASE of the admin, MEMBER_ROLE. For leave:
MEMBER, the number of the member that goes, MEMBER_CONTAINER and MEMBER_BESIDE, its container and that of another one.
"""

from __future__ import annotations

import os
import sys
from typing import Final

import psycopg
from psycopg import sql

from operate import daemon, inside, members, step
from operate.errors import OperateError
from operate.step import Environment

_SECONDS: Final = 10
# pg_rewind's own: https://www.postgresql.org/docs/current/app-pgrewind.html
_READS: Final = """
GRANT EXECUTE ON FUNCTION pg_catalog.pg_ls_dir(text, boolean, boolean), pg_catalog.pg_stat_file(text, boolean),
    pg_catalog.pg_read_binary_file(text), pg_catalog.pg_read_binary_file(text, bigint, bigint, boolean) TO {}"""


def _grant(environment: Environment) -> None:
    role = environment["MEMBER_ROLE"]
    with (
        step.telling(f"{role} can't be let in to {step.server(environment)}", psycopg.Error),
        psycopg.connect(connect_timeout=_SECONDS, application_name="data-tier members") as connection,
    ):
        connection.execute(sql.SQL(_READS).format(sql.Identifier(role)))


def _here(environment: Environment) -> None:
    """Only its going counts: so what that needs is looked at."""
    for name in ("MEMBER", "MEMBER_CONTAINER", "MEMBER_BESIDE"):
        environment[name]


def _leave(environment: Environment) -> None:
    """Raises OperateError for the primary, and where nobody can say who that is."""
    client, number, name = daemon.connect(), environment["MEMBER"], environment["MEMBER_CONTAINER"]
    for asked in (name, environment["MEMBER_BESIDE"]):
        container = daemon.find(client, asked)
        if container is None or container.status != "running":
            continue
        said = inside.capture(container, ["cat", f"{members.FOLDER}/primary"], seconds=_SECONDS).out.decode().split()
        if said and said[0] != number:
            return
        if said:
            raise OperateError(
                "the standby is the primary now and can't be taken away: "
                "`./operatew switchover` makes the other member that"
            )
    raise OperateError("nobody can say whether the standby is the primary now: bring the stack up first (`make up`)")


STEPS: Final = {"grant": _grant, "here": _here, "leave": _leave}


if __name__ == "__main__":
    sys.exit(step.main("member_steps", STEPS, sys.argv[1:], os.environ))
