"""The members of a PostgreSQL server: which is the primary, how far the others are, and what is kept for them.

Asked inside their containers, where every Docker host answers; changes nothing. A server without standbys is its own
only member.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any, Final

import docker
from docker.models.containers import Container
from rich.table import Table

from operate import daemon, inside, printing
from operate.errors import OperateError
from operate.stack import Server, Stack

FOLDER: Final = "/members"
_SECONDS: Final = 5
_FIELDS: Final = (
    "named", "serving", "alone", "recovery", "position", "receiving", "major", "sync", "lag", "seconds", "slot", "kept",
)  # fmt: skip
# of the one member that may be beside it: an empty answer is a member that nobody follows
_SQL: Final = """\
SELECT pg_is_in_recovery(),
       pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())
                            ELSE pg_current_wal_lsn() END, '0/0'),
       coalesce((SELECT status FROM pg_stat_wal_receiver), ''),
       current_setting('server_version_num')::int / 10000,
       coalesce(r.sync_state, ''),
       coalesce(pg_wal_lsn_diff(r.sent_lsn, r.replay_lsn), 0),
       coalesce(extract(epoch FROM r.replay_lag), 0),
       coalesce(s.wal_status, ''),
       CASE WHEN pg_is_in_recovery() THEN 0 ELSE coalesce(pg_wal_lsn_diff(pg_current_wal_lsn(), s.restart_lsn), 0) END
  FROM (SELECT 1) AS one
  LEFT JOIN pg_stat_replication r ON r.application_name LIKE 'member\\_%' AND r.state = 'streaming'
  LEFT JOIN pg_replication_slots s ON s.slot_name LIKE 'member\\_%'
 LIMIT 1"""
_ASK: Final = """\
named=; { read -r named _ <%(folder)s/primary; } 2>/dev/null
serving=$(readlink %(folder)s/current)
alone=; [ ! -e %(folder)s/alone ] || alone=alone
printf '%%s,%%s,%%s,' "$named" "$serving" "$alone"
psql --no-psqlrc --csv --tuples-only --username="$1" --dbname=postgres --command="$2" || echo"""


@dataclass(frozen=True, kw_only=True)
class Member:
    """One member: `role` is primary, standby or "" where it doesn't say, `named` the number of the primary by the
    marker, `serving` of the one that takes writes. `position` is how far its log goes in bytes.

    Of a primary: `lag` of the standby that streams from it, in bytes and `seconds`, `sync` how commits wait for it,
    and how many bytes are `kept` for it in a slot of state `slot`. `alone`: commits wait for nobody for the time being.
    """

    name: str
    number: int
    state: str
    role: str = ""
    named: int | None = None
    serving: int | None = None
    alone: bool = False
    position: int = 0
    receiving: str = ""
    major: int = 0
    sync: str = ""
    lag: int = 0
    seconds: float = 0.0
    slot: str = ""
    kept: int = 0

    def as_json(self) -> dict[str, Any]:
        """The member as --json has it."""
        return asdict(self)


def look(client: docker.DockerClient, server: Server) -> list[Member]:
    """All members of a server that has some. Raises OperateError where Docker doesn't answer."""
    with ThreadPoolExecutor(max_workers=4) as pool:
        return list(pool.map(lambda one: _member(client, server, *one), enumerate(server.members, start=1)))


def of_stack(stack: Stack, client: docker.DockerClient) -> dict[str, list[Member]]:
    """The members of every server that has some, by the server's name; empty for a stack that is down."""
    servers = [its for its in stack.servers.values() if its.members and stack.running]
    return {server.name: look(client, server) for server in servers}


def primary(client: docker.DockerClient, server: Server) -> str:
    """The container that takes a server's writes, its own where it has no members. Raises OperateError for none."""
    if not server.members:
        return server.name
    for member in look(client, server):
        if member.role == "primary" and member.named == member.number:
            return member.name
    raise OperateError(
        f"{server.name} has no primary that answers: `./operatew status` shows its members, "
        "`./operatew promote` makes the standby the primary"
    )


def problems(found: Sequence[Member]) -> list[str]:
    """What isn't as it should be among the members of one server."""
    named = next((one.named for one in found if one.named), None)
    first = next((one for one in found if one.number == named), None)
    told = []
    if first is None or first.role != "primary":
        told.append(
            f"{first.name if first else found[0].name}: no primary answers; `./operatew promote` lets the standby"
        )
    for one in found:
        if one is not first and one.role == "standby" and one.receiving != "streaming":
            told.append(f"{one.name}: the standby gets nothing from the primary; its log says why")
        elif one is not first and one.state == "running" and not one.role:
            told.append(f"{one.name}: the standby doesn't answer; it copies the primary, or its log says why")
    if first and first.alone:
        told.append(f"{first.name}: commits wait for no standby until one streams again")
    return told


def render(found: dict[str, list[Member]]) -> Table:
    """The table for people."""
    table = printing.table("\nMembers", "member", "role", "state", "behind", "kept for it", "commits wait")
    for members in found.values():
        first = next((one for one in members if one.role == "primary"), None)
        for one in members:
            if one is first:
                table.add_row(one.name, "primary", one.state, "-", "-", _waiting(one))
                continue
            behind = f"{printing.size(first.lag)}, {first.seconds:.1f} s" if first and one.receiving else "-"
            kept = f"{printing.size(first.kept)} ({first.slot})" if first and first.slot else "-"
            table.add_row(one.name, one.role or "-", one.receiving or one.state, behind, kept, "-")
    return table


def _waiting(first: Member) -> str:
    return "for the standby" if first.sync in {"sync", "quorum"} else "for none"


def _member(client: docker.DockerClient, server: Server, number: int, name: str) -> Member:
    container = daemon.find(client, name)
    if container is None or container.status != "running":
        return Member(name=name, number=number, state=container.status if container else "missing")
    try:
        told = _told(container, server)
    except OperateError:
        return Member(name=name, number=number, state="running")
    its = dict(zip(_FIELDS, told, strict=False))
    marked = Member(
        name=name,
        number=number,
        state="running",
        named=_number(its.get("named")),
        serving=_number(its.get("serving")),
        alone=bool(its.get("alone")),
    )
    if "kept" not in its:
        return marked
    return Member(
        **{
            **asdict(marked),
            "role": "standby" if its["recovery"] == "t" else "primary",
            "position": int(its["position"]),
            "receiving": its["receiving"],
            "major": int(its["major"]),
            "sync": its["sync"],
            "lag": int(its["lag"]),
            "seconds": float(its["seconds"]),
            "slot": its["slot"],
            "kept": int(its["kept"]),
        }
    )


def _told(container: Container, server: Server) -> list[str]:
    command = ["timeout", str(_SECONDS), "bash", "-c", _ASK % {"folder": FOLDER}, "ask", server.admin, _SQL]
    done = inside.capture(container, command, user="postgres", seconds=_SECONDS + 2)
    return next(csv.reader(done.out.decode().splitlines()), [])


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdigit() else None
