"""Refuses a data network that reaches outside, by what the network itself shows."""

from __future__ import annotations

from collections.abc import Iterator

from policies.networks import NETWORK, is_internal, is_publish_only, open_gateways, tier
from policies.rule import ResourceRule, Settings, Severity, Subject
from policies.scalars import is_on

_DRIVERS = frozenset({"", "bridge", "overlay"})


def _check(network: Subject, _: Settings) -> Iterator[str]:
    """Problems first: a label that isn't known yet matters only where there is one."""
    problems = list(_problems(network))
    if problems and tier(network) == "data":
        yield from problems


def _problems(network: Subject) -> Iterator[str]:
    if not is_internal(network) and not is_publish_only(network):
        yield "internal: the data network isn't internal"
    if str(network.get("driver") or "").strip().lower() not in _DRIVERS:
        yield "driver: its containers stand on the host's or another network themselves"
    if is_on(network.get("ingress")):
        yield "ingress: published ports of the swarm end on the data network"
    for option in open_gateways(network):
        yield f"options.{option}: other machines reach its containers without a published port"


RULE = ResourceRule(
    name="refuse-open-data-network",
    description="Networks of the data tier are internal.",
    why="From a network that isn't internal a store can be published and reaches the internet; macvlan, ipvlan and "
    "routed bridges give its containers addresses that other machines reach.",
    remedy="Set `internal: true` and leave the driver at bridge or overlay",
    severity=Severity.HIGH,
    types=frozenset({NETWORK}),
    check=_check,
)
