"""Refuses capabilities beyond those with which an entry point hands its files over and steps down from root."""

from __future__ import annotations

from collections.abc import Iterator

from policies.containers import CONTAINERS, Workload
from policies.rule import ResourceRule, Settings, Severity, Subject


def _check(subject: Subject, settings: Settings) -> Iterator[str]:
    workload = Workload(subject)
    allowed = {_short(name) for name in settings["allowed"]}
    path = ("capAdds",) if workload.swarm else ("capabilities", "adds")
    for at, name in workload.reader.each(workload.get(*path)):
        if _short(name) not in allowed:
            yield f"{'.'.join(path)}[{at}]: {_short(name)}"


def _short(name: object) -> str:
    return str(name).strip().upper().removeprefix("CAP_")


RULE = ResourceRule(
    name="refuse-added-capabilities",
    description="Containers add no capability that a data store doesn't need.",
    why="NET_ADMIN opens ports past the host's firewall, SYS_ADMIN and others are root on the host.",
    remedy="Drop it from `capabilities.adds`",
    severity=Severity.HIGH,
    types=CONTAINERS,
    check=_check,
    settings={
        "allowed": {
            "type": "array",
            "items": {"type": "string"},
            "default": ["CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL", "SETGID", "SETUID"],
            "description": "What the entry points of PostgreSQL and Redis need to step down from root.",
        }
    },
)
