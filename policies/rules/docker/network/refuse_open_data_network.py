"""Refuses a data network that reaches outside, by what the network itself shows."""

from __future__ import annotations

from collections.abc import Iterator

from policies.networks import NETWORK, is_internal, is_publish_only, openings, tier
from policies.rule import ResourceRule, Settings, Severity, Subject


def _check(network: Subject, _: Settings) -> Iterator[str]:
    """Problems first: a label that isn't known yet matters only where there is one."""
    problems = list(_problems(network))
    if problems and tier(network) == "data":
        yield from problems


def _problems(network: Subject) -> Iterator[str]:
    if not is_internal(network) and not is_publish_only(network):
        yield "internal: the data network isn't internal"
    yield from (f"{where}: {what}" for where, what in openings(network))


RULE = ResourceRule(
    name="refuse-open-data-network",
    description="Networks of the data tier are internal.",
    why="From a network that isn't internal a store can be published and reaches the internet; macvlan, ipvlan and "
    "routed bridges give its containers addresses that other machines reach.",
    remedy="Set `internal: true`, leave the driver at bridge or overlay, and let Docker name the bridge",
    severity=Severity.HIGH,
    types=frozenset({NETWORK}),
    check=_check,
)
