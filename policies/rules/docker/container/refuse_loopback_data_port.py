"""Refuses a data port on loopback where nobody develops: production has operators' tunnels, not open ports."""

from __future__ import annotations

from collections.abc import Iterator

from policies.containers import CONTAINER, Workload
from policies.rule import Level, ResourceRule, Settings, Severity, Subject


def _check(subject: Subject, _: Settings) -> Iterator[str]:
    for port in Workload(subject).data_ports(lambda port: port.loopback):
        yield f"{port.where}: data port {port.number} is published on loopback"


RULE = ResourceRule(
    name="refuse-loopback-data-port",
    description="Data ports are on loopback in development only.",
    why="Every user and every process of the host reaches a loopback port, and before Docker 28 so does the local "
    "network. Advisory where no configuration says what the stack is; mandatory in production.",
    remedy="Leave `data-tier:expose` out; `./operatew psql` and `./operatew redis` need no port",
    severity=Severity.MEDIUM,
    level=Level.ADVISORY,
    types=frozenset({CONTAINER}),
    check=_check,
)
