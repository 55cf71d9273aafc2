"""What PgBouncer reads: its configuration, who may log in from where, and its own users. Pure.

Nothing here follows from the list of apps: databases are found by `*`, users by a look-up on the server, and the pools
of apps come in by an included file that is written while the pooler runs.
"""

from __future__ import annotations

from typing import Final

from components import sizing
from components.config import Pooler
from components.naming import POOLER_AUTH, POOLER_PORT

CONSOLE: Final = "pgbouncer"  # the pseudo-database for operations, and its one user
CONFIG: Final = "/etc/pgbouncer/pgbouncer.ini"
HBA: Final = "/etc/pgbouncer/hba.conf"
POOLS_FOLDER: Final = "/var/lib/pgbouncer"
USERS_FILE: Final = "pgbouncer_users"
_CLIENTS_BESIDE: Final = 10  # health checks and the console come in when apps have taken all the rest
_PREPARED: Final = 200  # statements remembered for each server connection


def config(*, settings: Pooler, server: str, port: int, default_pool: int) -> str:
    """pgbouncer.ini in front of the server at an address. The address, as a name is gone while its server restarts."""
    parameters = {
        "listen_addr": "*",
        "listen_port": POOLER_PORT,
        "listen_backlog": 1024,  # the default of 128 makes clients that come all at once wait for a second
        "unix_socket_dir": "/run/pgbouncer",
        "auth_type": "hba",
        "auth_hba_file": HBA,
        "auth_file": f"/run/secrets/{USERS_FILE}",
        "auth_user": POOLER_AUTH,
        "auth_dbname": POOLER_AUTH,
        "auth_query": "SELECT name, verifier FROM pooler.login($1)",
        "admin_users": CONSOLE,
        "pool_mode": settings.mode,
        "max_client_conn": settings.clients + _CLIENTS_BESIDE,
        "default_pool_size": settings.pool or default_pool,
        "max_prepared_statements": _PREPARED,
        "ignore_startup_parameters": "extra_float_digits",  # JDBC sends it; the server's default is what it asks for
        "server_login_retry": 1,  # of 15 s: a server that is back after a restart is used again at once
        "log_connections": 0,
        "log_disconnections": 0,
        "log_stats": 0,
    }
    lines = "".join(f"{key} = {value}\n" for key, value in parameters.items())
    where = f"host={server} port={port}"
    return f"""\
[databases]
{POOLER_AUTH} = {where} pool_size={sizing.POOLER_LOOK_UPS}
* = {where}

%include {POOLS_FOLDER}/pools.ini

[pgbouncer]
{lines}"""


def hba(*, admin: str, subnet: str, gateway: str) -> str:
    """The rules, first match wins, and what matches none is refused.

    PgBouncer knows no `samerole`: that a login enters its own database only stays PostgreSQL's to say, which sees the
    same login from the pooler's address.
    """
    return f"""\
# type database   user       address          method
host   {CONSOLE}  {CONSOLE}  {gateway}/32     scram-sha-256
host   {CONSOLE}  all        all              reject
host   all        {CONSOLE}  all              reject
host   {POOLER_AUTH}  all    all              reject
host   all        {POOLER_AUTH}  all          reject
host   all        {admin}    all              reject
host   all        all        {subnet}         scram-sha-256
"""


def users(password: str, console_verifier: str) -> str:
    """The file of the pooler's own users. It logs in to the server itself, so that it needs its password as it is."""
    return f'"{POOLER_AUTH}" "{password}"\n"{CONSOLE}" "{console_verifier}"\n'
