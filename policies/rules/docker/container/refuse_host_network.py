"""Refuses containers on the host's own network, whatever they hold: nobody can read off what they listen on."""

from __future__ import annotations

from collections.abc import Iterator

from policies.containers import CONTAINERS, Workload
from policies.rule import ResourceRule, Settings, Severity, Subject


def _check(subject: Subject, _: Settings) -> Iterator[str]:
    workload = Workload(subject)
    if workload.network_mode() == "host":
        yield "networkMode: each port that it listens on is open on every address of the host"
    for at, network in enumerate(workload.networks()):
        if isinstance(network, str) and network.strip().lower() == "host":
            yield f"networks[{at}]: each port that it listens on is open on every address of the host"


RULE = ResourceRule(
    name="refuse-host-network",
    description="No container is on the host's own network.",
    why="There every port that a program listens on is published, without being declared. An image by id shows nobody "
    "what listens in it, so the rule holds for all containers.",
    remedy="Give it a network and publish the ports that it needs",
    severity=Severity.CRITICAL,
    types=CONTAINERS,
    check=_check,
)
