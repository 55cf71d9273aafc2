"""What a pooler needs beside its container: the function by which it looks up who logs in, the pools of apps, and to
be told of a renewed certificate and of new passwords.

Run as `python -m operate.pooler look-up|pools|reload`, with everything in the environment, so that no password is
in a command line. For look-up: PGHOST, PGPORT, PGUSER, PGPASSWORD and PGDATABASE of the admin, POOLER_AUTH (the role,
whose database has the same name). For pools: POOLER_CONTAINER, POOLER_SERVER (`host=...
port=...`), POOLER_PROCESSES, POOLER_POOLS (JSON, server connections by database). For reload: POOLER_CONTAINER,
POOLER_FINGERPRINT (SHA-256 of the certificate to look for, empty without TLS).
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from typing import Final

import psycopg
from docker.errors import DockerException
from psycopg import sql

from operate import archive, daemon, inside, pooler_console, step
from operate.archive import File
from operate.errors import OperateError
from operate.step import Environment

_SECONDS: Final = 10
_FOLDER, _FILE = "/var/lib/pgbouncer", "pools.ini"
_SHOWN: Final = """
openssl s_client -connect 127.0.0.1:6432 -starttls postgres -CAfile /run/secrets/ca.crt -verify_hostname "$1" \\
    -verify_return_error </dev/null 2>/dev/null | openssl x509 -outform DER | sha256sum | cut -d ' ' -f 1"""

# Nobody who could do harm with a pooled session: no superuser, nobody who replicates or passes row-level security, no
# migrating login, which acts as another role and needs session locks. The path is pinned, as its owner is a superuser.
_LOOK_UP: Final = """
CREATE SCHEMA IF NOT EXISTS pooler;
REVOKE ALL ON SCHEMA pooler, public FROM PUBLIC;
CREATE OR REPLACE FUNCTION pooler.login(wanted text) RETURNS TABLE (name text, verifier text)
LANGUAGE sql STABLE STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT r.rolname::text, r.rolpassword FROM pg_catalog.pg_authid AS r
    WHERE r.rolname = wanted AND r.rolcanlogin
      AND NOT (r.rolsuper OR r.rolreplication OR r.rolbypassrls)
      AND (r.rolvaliduntil IS NULL OR r.rolvaliduntil > pg_catalog.now())
      AND NOT EXISTS (
          SELECT FROM pg_catalog.pg_db_role_setting AS s, pg_catalog.unnest(s.setconfig) AS entry
          WHERE s.setrole = r.oid AND entry LIKE 'role=%')
$$;
REVOKE ALL ON FUNCTION pooler.login(text) FROM PUBLIC;
GRANT USAGE ON SCHEMA pooler TO {auth};
GRANT EXECUTE ON FUNCTION pooler.login(text) TO {auth};
"""


def pools_file(server: str, pools: Mapping[str, int], processes: int = 1) -> str:
    """The included part of pgbouncer.ini, for each of its processes. Both logins of an app count together: by user each
    would have a pool.
    """
    sizes = {database: max(1, size // processes) for database, size in pools.items()}
    lines = (f"{database} = {server} pool_size={size} max_db_connections={size}\n" for database, size in sizes.items())
    return f"[databases]\n{''.join(lines)}"


def install_look_up(connection: psycopg.Connection[tuple[object, ...]], auth: str) -> None:
    """Create or replace the function, for `auth` alone. Raises psycopg.Error."""
    with connection.transaction():
        connection.execute("SET LOCAL search_path = pg_catalog, pg_temp")
        connection.execute(sql.SQL(_LOOK_UP).format(auth=sql.Identifier(auth)))


def write_pools(name: str, content: str) -> None:
    """Put the pools into the pooler called `name` and let it read them; nobody is disconnected. Raises OperateError."""
    container = daemon.running(daemon.connect(), name)
    try:
        container.put_archive(_FOLDER, archive.pack({_FILE: File(data=content.encode(), mode=0o644)}))
    except DockerException as error:
        raise OperateError(f"{name}: the pools can't be set ({type(error).__name__})") from None
    pooler_console.ask(container, "RELOAD")


def renew(name: str, fingerprint: str) -> None:
    """Let each process read its files again, and look that what it shows is the certificate of `fingerprint`, verified
    as clients do; none is looked for where that is empty. Nobody is disconnected. Raises OperateError.
    """
    container = daemon.running(daemon.connect(), name)
    pooler_console.ask(container, "RELOAD")
    if not fingerprint:
        return
    done = inside.capture(container, ["sh", "-c", _SHOWN, "shown", name], seconds=_SECONDS)
    if done.out.decode().strip() != fingerprint:
        raise OperateError(f"{name} shows another certificate than it was given; its log says why")


def _look_up(environment: Environment) -> None:
    auth = environment["POOLER_AUTH"]
    with (
        step.telling(f"cannot set the pooler's look-up on {step.server(environment)}", psycopg.Error),
        psycopg.connect(connect_timeout=_SECONDS, application_name="data-tier look-up") as connection,
    ):
        install_look_up(connection, auth)


def _pools(environment: Environment) -> None:
    pools: dict[str, int] = json.loads(environment["POOLER_POOLS"])
    processes = int(environment["POOLER_PROCESSES"])
    write_pools(environment["POOLER_CONTAINER"], pools_file(environment["POOLER_SERVER"], pools, processes))


def _reload(environment: Environment) -> None:
    renew(environment["POOLER_CONTAINER"], environment["POOLER_FINGERPRINT"])


STEPS: Final = {"look-up": _look_up, "pools": _pools, "reload": _reload}


if __name__ == "__main__":
    sys.exit(step.main("pooler", STEPS, sys.argv[1:], os.environ))
