"""Refuses a network on which the frontend tier meets data.

A container without a tier of its own counts as frontend on a labelled network if it publishes to others than the host.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from policies.containers import CONTAINERS, Workload
from policies.networks import Joined, Networks, joined, quietly, tier
from policies.rule import Finding, Settings, Severity, StackRule, Subject

_TIERS: Final = frozenset({"data", "backend", "frontend", "admin"})


@dataclass(frozen=True)
class _Member:
    workload: Workload
    networks: Sequence[tuple[str, str]]
    """Where and key of each of its networks."""
    tiers: Sequence[frozenset[str]]
    """The tiers of each, none where it has no label or isn't the stack's."""
    hosts: Sequence[Workload] = field(default=())
    """The containers whose network it shares, the nearest first."""

    @property
    def urn(self) -> str:
        return self.workload.subject.urn

    @property
    def frontend(self) -> bool:
        return self.workload.tier() == "frontend" or self.on("frontend")

    def on(self, name: str) -> bool:
        """Whether it is on a network of that tier."""
        return any(name in tiers for tiers in self.tiers)

    def open(self) -> bool:
        """Whether it is reached from outside without saying what it is. What is a store has rules of its own."""
        public = self.workload.tier() not in _TIERS and any(port.public for port in self.workload.ports())
        return public and not self.workload.is_store()


def _check(subjects: Sequence[Subject], _: Settings) -> Iterator[Finding]:
    members = list(_members(subjects))
    for one in members:
        if not one.frontend:
            if one.on("data") and one.open():
                yield Finding(
                    f"{_where(one, 'data')}: a published container without a tier is on a data network", one.urn
                )
        elif any(host.is_store() for host in one.hosts):
            yield Finding("networkMode: the frontend tier shares the network of a data container", one.urn)
        elif one.on("frontend") and one.workload.is_store():
            yield Finding(f"{_where(one, 'frontend')}: data is on a network of the frontend tier", one.urn)
        elif one.on("data"):
            yield Finding(f"{_where(one, 'data')}: the frontend tier is on a data network", one.urn)
        elif shared := _shared_with_data(one, members):
            yield Finding(f"{shared}: the frontend tier shares a network with data", one.urn)


def _members(subjects: Sequence[Subject]) -> Iterator[_Member]:
    networks = Networks(subjects)
    workloads = [Workload(subject) for subject in subjects if subject.type in CONTAINERS]
    own = [(workload, joined(workload)) for workload in workloads]
    by_name: dict[str, tuple[Workload, Joined]] = {}
    for workload, its in own:
        for key in ("name", "id"):
            name = quietly(workload.subject, key)
            if isinstance(name, str) and name:
                by_name[name] = (workload, its)
    for workload, its in own:
        hosts = _hosts(its, by_name)
        named = [*its.named, *((its.mode_at, name) for _, theirs in hosts for _, name in theirs.named)]
        keys = [(where, networks.key(name)) for where, name in named]
        tiers = [frozenset(tier(one) for one in networks.find(name)) for _, name in named]
        yield _Member(workload, keys, tiers, [host for host, _ in hosts])


def _hosts(its: Joined, by_name: Mapping[str, tuple[Workload, Joined]]) -> list[tuple[Workload, Joined]]:
    """The containers of the stack whose network it shares, each once."""
    found: dict[str, tuple[Workload, Joined]] = {}
    while its.of in by_name and its.of not in found:
        found[its.of] = by_name[its.of]
        its = found[its.of][1]
    return list(found.values())


def _where(one: _Member, name: str) -> str:
    return next(where for (where, _), tiers in zip(one.networks, one.tiers, strict=True) if name in tiers)


def _shared_with_data(one: _Member, members: Sequence[_Member]) -> str:
    """Where it names a network that a data container is on too, or ""."""
    for where, key in one.networks:
        others = (other for other in members if other is not one and key in (found for _, found in other.networks))
        if any(other.workload.is_store() for other in others):
            return where
    return ""


RULE = StackRule(
    name="separate-frontend-from-data",
    description="The frontend tier shares no network with data.",
    why="Frontends answer the internet. One that is taken over must find no store to talk to, whatever the passwords.",
    remedy="Let the frontend call a backend, and leave the data network to that; label each container with its tier",
    severity=Severity.HIGH,
    check=_check,
)
