"""Refuses a port outside the range of the tier that the container's label names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policies.containers import CONTAINERS, Port, Workload, number
from policies.rule import Level, ResourceRule, Settings, Severity, Subject
from policies.stores import port_range


def _check(subject: Subject, settings: Settings) -> Iterator[str]:
    workload = Workload(subject)
    allowed = settings["ranges"].get(workload.tier())
    if allowed is None:
        return
    for port in workload.ports():
        if not _inside(port.outside, allowed):
            yield f"{port.where}: {_told(port)} is outside {allowed}, the range of tier {workload.tier()}"


def _inside(port: Any, allowed: str) -> bool:
    """Whether a port or each of a range lies in one of the ranges; what can't be read doesn't."""
    wanted = port_range(port)
    ranges = [port_range(one) for one in allowed.split(",")]
    return wanted is not None and any(one and one[0] <= wanted[0] and wanted[1] <= one[1] for one in ranges)


def _told(port: Port) -> str:
    return "a random port (no external)" if port.outside in (None, 0, "") else f"port {number(port.outside)}"


RULE = ResourceRule(
    name="require-port-in-tier-range",
    description="Published ports lie in the range of their tier.",
    why="The firewall opens ranges, not single ports: a port in another tier's range is reachable by whom that tier "
    "is for. A missing `external` is a random port. Advisory, as a stack file may set ranges of its own; mandatory in "
    "production, with its ranges.",
    remedy="Choose a port in the range, or change `ranges` of this rule together with the firewall",
    severity=Severity.MEDIUM,
    level=Level.ADVISORY,
    types=CONTAINERS,
    check=_check,
    settings={
        "ranges": {
            "type": "object",
            "default": {
                "frontend": "3000-3999,13000-13999",
                "backend": "4000-4999,14000-14999",
                "admin": "5000-5999,15000-15999",
            },
            "description": "First and last port of each tier, several with commas; other tiers are not looked at. The "
            "default has the ranges of both stack files that come along.",
            "additionalProperties": {"type": "string", "pattern": "^[0-9]+-[0-9]+(,[0-9]+-[0-9]+)*$"},
        }
    },
)
