"""Refuses data containers on a network that isn't internal, found by name or id among the networks of the stack."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from policies.containers import CONTAINERS, Workload
from policies.networks import SHARED, Networks, is_internal, is_publish_only, joined, openings
from policies.rule import Finding, Settings, Severity, StackRule, Subject


def _check(subjects: Sequence[Subject], settings: Settings) -> Iterator[Finding]:
    networks = Networks(subjects)
    for subject in subjects:
        if subject.type in CONTAINERS:
            workload = Workload(subject)
            problems = list(_problems(workload, networks, settings))
            if problems and workload.is_store():
                yield from (Finding(message, subject.urn) for message in problems)


def _problems(workload: Workload, networks: Networks, settings: Settings) -> Iterator[str]:
    """What is wrong with each network; those that every host has belong to `require-own-network-for-data`."""
    for where, name in joined(workload).named:
        declared = networks.find(name)
        if name.lower() in SHARED:
            continue
        if not declared and name not in settings["internal"]:
            yield f"{where}: data is on a network of which the stack doesn't show that it is internal"
        elif any(not _closed(network, workload) for network in declared):
            yield f"{where}: data is on a network that isn't internal"
        else:
            found = (how for network in declared for how in openings(network))
            yield from (f"{where}: data is on a network with {at}: {what}" for at, what in found)


def _closed(network: Subject, workload: Workload) -> bool:
    return is_internal(network) or (is_publish_only(network) and workload.is_forwarder()) or workload.is_relay()


RULE = StackRule(
    name="require-internal-data-network",
    description="Data containers are on internal networks only.",
    why="On a network that isn't internal a store reaches the internet, and one published port is enough to be reached "
    "from there. Only the relay of `data-tier:expose` stands on a second network, which carries loopback ports alone, "
    "and relays to a server outside of the stack on one that leads out: they hold nothing and publish nothing.",
    remedy="Set `internal: true` on a bridge or overlay network, or name a network outside the stack in the setting "
    "`internal`",
    severity=Severity.HIGH,
    check=_check,
    settings={
        "internal": {
            "type": "array",
            "items": {"type": "string"},
            "default": [],
            "description": "Names of networks outside the stack that are internal.",
        }
    },
)
