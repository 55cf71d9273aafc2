"""Refuses a network on which the frontend tier meets data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from policies.containers import CONTAINERS, Workload
from policies.networks import Networks, joined, tier
from policies.rule import Finding, Settings, Severity, StackRule, Subject


@dataclass(frozen=True)
class _Member:
    workload: Workload
    networks: Sequence[tuple[str, str]]
    """Where and key of each of its networks."""
    tiers: Sequence[str]
    """The tier of each, "" where it has none or isn't the stack's."""

    @property
    def urn(self) -> str:
        return self.workload.subject.urn

    @property
    def frontend(self) -> bool:
        return self.workload.tier() == "frontend" or "frontend" in self.tiers


def _check(subjects: Sequence[Subject], _: Settings) -> Iterator[Finding]:
    members = list(_members(subjects))
    for one in members:
        if not one.frontend:
            continue
        if "frontend" in one.tiers and one.workload.is_store():
            yield Finding(f"{_where(one, 'frontend')}: data is on a network of the frontend tier", one.urn)
        elif "data" in one.tiers:
            yield Finding(f"{_where(one, 'data')}: the frontend tier is on a data network", one.urn)
        elif shared := _shared_with_data(one, members):
            yield Finding(f"{shared}: the frontend tier shares a network with data", one.urn)


def _members(subjects: Sequence[Subject]) -> Iterator[_Member]:
    networks = Networks(subjects)
    for subject in subjects:
        if subject.type in CONTAINERS:
            workload = Workload(subject)
            named = joined(workload).named
            own = [networks.find(name) for _, name in named]
            keys = [(where, networks.key(name)) for where, name in named]
            yield _Member(workload, keys, [tier(one) if one else "" for one in own])


def _where(one: _Member, name: str) -> str:
    return one.networks[one.tiers.index(name)][0]


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
    remedy="Let the frontend call a backend, and leave the data network to that",
    severity=Severity.HIGH,
    check=_check,
)
