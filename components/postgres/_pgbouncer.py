"""What PgBouncer reads: its configuration, who may log in from where, and its own users. Pure.

Nothing here follows from the list of apps: databases are found by `*`, users by a look-up on the server, and the pools
of apps come in by an included file that is written while the pooler runs.
"""

from __future__ import annotations

from typing import Final

from components import budget
from components.config import Pooler
from components.naming import EXPORTER_LOGINS, POOLER_AUTH, POOLER_PORT
from components.tls import CA_PATH, CERTIFICATE_PATH, KEY_PATH

CONSOLE: Final = "pgbouncer"  # the pseudo-database for operations, and its one user
FOLDER: Final = "/etc/pgbouncer"
CONFIG: Final = f"{FOLDER}/pgbouncer.ini"
HBA: Final = f"{FOLDER}/hba.conf"
POOLS_FOLDER: Final = "/var/lib/pgbouncer"
USERS_FILE: Final = "pgbouncer_users"
_SOCKETS: Final = "/run/pgbouncer"  # a folder for each process in it
_CLIENTS_BESIDE: Final = 10  # health checks and the console come in when apps have taken all the rest
_PREPARED: Final = 200  # statements remembered for each server connection
_EXPORTERS: Final = ",".join(EXPORTER_LOGINS.values())
_YEAR: Final = 365 * 24 * 3600


def config(*, settings: Pooler, server: str, default_pool: int, tls: bool, read: bool = False) -> str:
    """pgbouncer.ini in front of `server`, in libpq's words; with `read` exporters may read its console."""
    parameters = {
        "listen_addr": "*",
        "listen_port": POOLER_PORT,
        "listen_backlog": 1024,  # the default of 128 makes clients that come all at once wait for a second
        "so_reuseport": 1,
        "auth_type": "hba",
        "auth_hba_file": HBA,
        "auth_file": f"/run/secrets/{USERS_FILE}",
        "auth_user": POOLER_AUTH,
        "auth_dbname": POOLER_AUTH,
        "auth_query": "SELECT name, verifier FROM pooler.login($1)",
        "admin_users": CONSOLE,
        **({"stats_users": _EXPORTERS} if read else {}),
        "pool_mode": settings.mode,
        "max_client_conn": settings.clients + _CLIENTS_BESIDE,  # each process: they aren't dealt out evenly
        "default_pool_size": max(1, (settings.pool or default_pool) // settings.count),
        "max_prepared_statements": _PREPARED,
        "ignore_startup_parameters": "extra_float_digits",  # JDBC sends it; the server's default is what it asks for
        "server_login_retry": 1,  # of 15 s: a server that is back after a restart is used again at once
        "client_idle_timeout": _YEAR,  # never; while it is 0, a timeout of one user (a drain) ends all others' (1.24)
        "log_connections": 0,
        "log_disconnections": 0,
        "log_stats": 0,
        **(_TLS if tls else {}),
    }
    lines = "".join(f"{key} = {value}\n" for key, value in parameters.items())
    return f"""\
[databases]
{POOLER_AUTH} = {server} pool_size={budget.LOOK_UPS}
* = {server}

%include {POOLS_FOLDER}/pools.ini

[pgbouncer]
{lines}"""


_TLS: Final = {
    "client_tls_sslmode": "require",
    "client_tls_ca_file": CA_PATH,  # nobody needs a certificate to log in, but without an authority none starts
    "client_tls_cert_file": CERTIFICATE_PATH,
    "client_tls_key_file": KEY_PATH,
}


def process_files(count: int) -> dict[str, str]:
    """What each process reads, by path: the common configuration, its own socket, and the others', to which it passes
    requests to cancel: they come by another connection, so often to another process than the query did.
    """
    peers = "".join(f"{number} = host={_SOCKETS}/{number}\n" for number in range(1, count + 1))
    return {
        f"{FOLDER}/process-{number}.ini": f"""\
%include {CONFIG}

unix_socket_dir = {_SOCKETS}/{number}
peer_id = {number}

[peers]
{peers}"""
        for number in range(1, count + 1)
    }


def hba(*, admin: str, subnet: str, gateway: str, tls: bool, exporter: str | None = None) -> str:
    """The rules, first match wins, and what matches none is refused.

    PgBouncer knows no `samerole`: that a login enters its own database only stays PostgreSQL's to say, which sees the
    same login by its socket. By its socket the console lets in the user that it runs as, and nobody else.
    """
    host = "hostssl" if tls else "host   "
    reading = f"{host}  {CONSOLE}  {_EXPORTERS}  {exporter}/32  scram-sha-256\n" if exporter else ""
    reading += f"host     all        {_EXPORTERS}  all          reject\n" if exporter else ""
    return f"""\
# type   database   user       address          method
{host}  {CONSOLE}  {CONSOLE}  {gateway}/32     scram-sha-256
{reading}host     {CONSOLE}  all        all              reject
host     all        {CONSOLE}  all              reject
host     {POOLER_AUTH}  all    all              reject
host     all        {POOLER_AUTH}  all          reject
host     all        {admin}    all              reject
{host}  all        all        {subnet}         scram-sha-256
"""


def users(password: str, console_verifier: str) -> str:
    """The file of the pooler's own users. It logs in to the server itself, so that it needs its password as it is."""
    return f'"{POOLER_AUTH}" "{password}"\n"{CONSOLE}" "{console_verifier}"\n'
