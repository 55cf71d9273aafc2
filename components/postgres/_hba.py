"""Who may log in to PostgreSQL from where: the text of pg_hba.conf and pg_ident.conf.

Static: it follows from the data network alone. An app is let in by the name of its group role, which is that of its
database, and readers by the one role that all of them are members of, so that a new app or reader changes no file and
no container. Which databases a reader may enter is CONNECT's to say, and the server's own, where PUBLIC may, are not.
"""

from __future__ import annotations

from components.naming import POOLER_AUTH as AUTH
from components.naming import READERS, WATCHDOG_ROLE

MAP = "host"


def pg_hba(
    *,
    admin: str,
    subnet: str,
    gateway: str,
    forwarder: str | None = None,
    pooler: str | None = None,
    watchdog: str | None = None,
    tls: bool = True,
) -> str:
    """The rules, first match wins. With `tls` nobody is let in over TCP without it: refusals hold for both.

    `forwarder` is the address from which the host's loopback connects, where it does; `watchdog` that of the watchdog;
    `pooler` that of the pooler, the only one from which its look-ups come. Apps' logins have one line with it and
    without: they come from its address then, and `samerole` holds for them all the same.
    """
    host = "hostssl" if tls else "host   "
    exposed = f"{host}  all       {admin}  {forwarder}/32     scram-sha-256\n" if forwarder else ""
    looked = f"{host}  {AUTH}  {AUTH}  {pooler}/32  scram-sha-256\nhost     all       {AUTH}  all  reject\n"
    watching = f"{host}  postgres  {WATCHDOG_ROLE}  {watchdog}/32  scram-sha-256\n" if watchdog else ""
    return f"""\
# type   database  user     address          method
local    all       {admin}  peer map={MAP}
{host}  all       {admin}  127.0.0.1/32     scram-sha-256
{host}  all       {admin}  {gateway}/32     scram-sha-256
{exposed}host     all       {admin}  all              reject
{looked if pooler else ""}{watching}{host}  samerole  all      {subnet}         scram-sha-256
host     postgres,template1  +{READERS}  all  reject
{host}  all       +{READERS}  {subnet}  scram-sha-256
host     all       all      all              reject
local    all       all      reject
"""


def pg_ident(*, admin: str) -> str:
    """Inside the container the system's users postgres and root are the admin."""
    return f"""\
# map   system    role
{MAP}  postgres  {admin}
{MAP}  root      {admin}
"""
