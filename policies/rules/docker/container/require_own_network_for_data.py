"""Refuses a data container on a network that every host has: the host's own, the default bridge, another container's.

Named networks are looked up in the stack by `require-internal-data-network`.
"""

from __future__ import annotations

from collections.abc import Iterator

from policies.containers import CONTAINERS, Workload
from policies.networks import DEFAULT_MODES, SHARED, joined
from policies.rule import ResourceRule, Settings, Severity, Subject


def _check(subject: Subject, _: Settings) -> Iterator[str]:
    """What the networks are, then what the container is: one on networks of its own isn't looked at further."""
    workload = Workload(subject)
    problems = list(_problems(workload))
    if problems and workload.is_store():
        yield from problems


def _problems(workload: Workload) -> Iterator[str]:
    its = joined(workload)
    if its.mode == "host":
        yield f"{its.mode_at}: data is on the host's own network"
    elif its.mode and its.mode.startswith("container:"):
        yield f"{its.mode_at}: data shares the network of another container"
    elif its.mode in DEFAULT_MODES and not its.listed:
        yield f"{its.mode_at}: data is on the default network, where every container reaches it and it reaches out"
    elif its.mode in SHARED - DEFAULT_MODES:
        yield f"{its.mode_at}: data is on a network that every host has"
    for where, name in its.named:
        if name.lower() in SHARED:
            yield f"{where}: data is on a network that every host has"


RULE = ResourceRule(
    name="require-own-network-for-data",
    description="Data containers are on named networks of their stack.",
    why="On the host's network each port that a store listens on is the host's, without being published. The default "
    "bridge joins every container that names no network, and isn't internal.",
    remedy="Give it `networksAdvanced` with the stack's internal data network",
    severity=Severity.CRITICAL,
    types=CONTAINERS,
    check=_check,
)
