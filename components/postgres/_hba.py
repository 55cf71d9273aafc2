"""Who may log in to PostgreSQL from where: the text of pg_hba.conf and pg_ident.conf.

Static: it follows from the data network alone. An app is let in by the name of its group role, which is that of its
database, and readers by the one role that all of them are members of, so that a new app or reader changes no file and
no container. Which databases a reader may enter is CONNECT's to say, and the server's own, where PUBLIC may, are not.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from components.naming import BACKUP_ROLE, EXPORTER_LOGINS, READERS, REPLICATION, WATCHDOG_ROLE
from components.naming import POOLER_AUTH as AUTH

MAP = "host"
BACKUP_USER = "backup"  # of the system, 34 in every image of Debian's: the one name that both containers know
_NO_LOOK_UP = f"host     all       {AUTH}  all  reject\n"
_BY_SOCKET = f"""\
local    {AUTH}  {AUTH}  scram-sha-256
local    all       {AUTH}  reject
local    samerole  all      scram-sha-256
local    postgres,template1  +{READERS}  reject
local    all       +{READERS}  scram-sha-256
"""
_EXPORTERS: Final = ",".join(EXPORTER_LOGINS.values())
_EXPORTER: Final = f"""\
{{host}}  postgres  {_EXPORTERS}  {{address}}/32  scram-sha-256
host     all       {_EXPORTERS}  all  reject
"""


def pg_hba(
    *,
    admin: str,
    subnet: str,
    gateway: str,
    forwarder: str | None = None,
    pooler: bool = False,
    watchdog: str | None = None,
    exporter: str | None = None,
    backup: bool = False,
    tls: bool = True,
    members: Sequence[str] = (),
) -> str:
    """The rules, first match wins. With `tls` nobody is let in over TCP without it: refusals hold for both.

    `forwarder` is the address from which the host's loopback connects, where it does; `watchdog` that of the watchdog,
    `exporter` that of the exporter. With `backup` its role comes by the socket as the system's user of that name, and
    in no other way.
    With a `pooler` what it looks up and whom it lets in comes by the server's socket, whose folder only it shares;
    `samerole` holds there as it does over TCP. `members` are the addresses from which the server's own members copy.
    """
    host = "hostssl" if tls else "host   "
    exposed = f"{host}  all       {admin}  {forwarder}/32     scram-sha-256\n" if forwarder else ""
    copying = _replicating(host, members)
    watching = f"{host}  postgres  {WATCHDOG_ROLE}  {watchdog}/32  scram-sha-256\n" if watchdog else ""
    telling = _EXPORTER.format(host=host, address=exporter) if exporter else ""
    saved = f"local    all       {BACKUP_ROLE}  peer map={BACKUP_USER}\n" if backup else ""
    refused = f"host     all       {BACKUP_ROLE}  all  reject\n" if backup else ""
    return f"""\
# type   database  user     address          method
local    all       {admin}  peer map={MAP}
{saved}{refused}{host}  all       {admin}  127.0.0.1/32     scram-sha-256
{host}  all       {admin}  {gateway}/32     scram-sha-256
{exposed}host     all       {admin}  all              reject
{copying}{_NO_LOOK_UP if pooler else ""}{watching}{telling}{host}  samerole  all      {subnet}         scram-sha-256
host     postgres,template1  +{READERS}  all  reject
{host}  all       +{READERS}  {subnet}  scram-sha-256
host     all       all      all              reject
{_BY_SOCKET if pooler else ""}local    all       all      reject
"""


def _replicating(host: str, members: Sequence[str]) -> str:
    """Members ask each other what they keep, in the database that everybody has."""
    if not members:
        return ""
    asked = ("replication,postgres  " + REPLICATION + f"  {address}/32  scram-sha-256" for address in members)
    lines = "".join(f"{host}  {line}\n" for line in asked)
    return f"{lines}host     all,replication  {REPLICATION}  all  reject\n"


def pg_ident(*, admin: str, backup: bool = False) -> str:
    """Inside the container the system's users postgres and root are the admin; who makes a `backup` is its role alone.

    Who asks is told by its number: the server looks up its name in its own container.
    """
    saved = f"{BACKUP_USER}  {BACKUP_USER}  {BACKUP_ROLE}\n" if backup else ""
    return f"""\
# map   system    role
{MAP}  postgres  {admin}
{MAP}  root      {admin}
{saved}"""
