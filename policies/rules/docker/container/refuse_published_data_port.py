"""Refuses a container or swarm service that offers a data port to anybody but this host.

A data port is the usual port of a data store, inside or outside, or any port of a container that is a data store by
label, component, image, environment or command. Loopback has a rule of its own.
"""

from __future__ import annotations

from collections.abc import Iterator

from policies.containers import CONTAINERS, Workload
from policies.rule import ResourceRule, Settings, Severity, Subject


def _check(subject: Subject, _: Settings) -> Iterator[str]:
    for port in Workload(subject).data_ports(lambda port: port.public):
        yield f"{port.where}: data port {port.number} is published on {port.address}"


RULE = ResourceRule(
    name="refuse-published-data-port",
    description="Data ports are reachable from this host and its networks only.",
    why="A published port passes the host's firewall, and a database found by a scanner is lost within hours. A port "
    "without `ip` is on every address, one without `external` on a random port of every address, and a swarm service "
    "publishes on every node.",
    remedy="Remove the port: apps reach the store over its network. For development, `data-tier:expose` opens a "
    "loopback port",
    severity=Severity.CRITICAL,
    types=CONTAINERS,
    check=_check,
)
