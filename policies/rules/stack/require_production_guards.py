"""Tells a production stack with a PostgreSQL server what it has no guard for: backups, TLS, a pooler.

Backups can't be declared yet, so the rule is advisory until the day in `HARDENS`; from then on it is mandatory.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Sequence
from typing import Final

from policies.containers import COMPONENT, CONTAINERS, Workload
from policies.rule import Finding, Level, Settings, Severity, StackRule, Subject, names

HARDENS: Final = datetime.date(2027, 3, 1)
_POSTGRES: Final = "data-tier:postgres:PostgresServer"
_TLS: Final = re.compile(r"(?:^|\s)(?:-c\s*|--)?ssl\s*=\s*(?:on|true|yes|1)\b", re.IGNORECASE)


def _check(subjects: Sequence[Subject], settings: Settings) -> Iterator[Finding]:
    servers = [one for one in subjects if one.type in CONTAINERS and _serves_postgres(one)]
    if not servers or not any(re.fullmatch(pattern, servers[0].stack) for pattern in settings["stacks"]):
        return
    for guard in ("backup", "pooler"):
        if not any(_is(guard, one) for one in subjects):
            yield Finding(f"production has no {guard}{_until()}", "")
    for server in servers:
        if not _has_tls(Workload(server)):
            yield Finding(f"command: the server of a production stack has no TLS{_until()}", server.urn)


def _serves_postgres(subject: Subject) -> bool:
    workload = Workload(subject)
    inside = _POSTGRES in subject.kinds[:-1] and not workload.one_shot()
    return inside and not workload.is_forwarder()


def _is(guard: str, subject: Subject) -> bool:
    """Whether a resource is part of a guard: by its component, or by the label of its container."""
    if any(kind.startswith(f"data-tier:{guard}:") for kind in subject.kinds):
        return True
    return subject.type in CONTAINERS and Workload(subject).labels().get(COMPONENT) == guard


def _has_tls(workload: Workload) -> bool:
    return bool(_TLS.search(" ".join(workload.command())))


def _until() -> str:
    return f" (refused from {HARDENS.isoformat()} on)"


RULE = StackRule(
    name="require-production-guards",
    description="Production has backups, TLS and a pooler.",
    why="A server without a backup is lost with its disk, without TLS it is read on the wire, and without a pooler the "
    "first busy app takes all connections. The program can't declare backups yet, hence the later date.",
    remedy="Declare postgres.pooler and leave TLS on; until the program has backups keep dumps outside the host",
    severity=Severity.MEDIUM,
    level=Level.ADVISORY,
    hardens=HARDENS,
    settings={
        "stacks": names(
            "Names of stacks in production, as regular expressions.", ["prod", "production", "prod-.*"], format="regex"
        )
    },
    check=_check,
)
