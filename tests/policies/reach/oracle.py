"""What can be reached from another host, by what Docker does; proven against a real daemon in `test_oracle_on_docker`.

Docker reads `ip` as Go's net.ParseIP does, and takes what it can't read for every address, as it does nothing at all.
Where nobody gets through only because nobody happens to listen, a rule may refuse that too, and does.
"""

from __future__ import annotations

import socket
from enum import Enum
from typing import Any

from tests.policies.reach.cases import Case, Published


class Reach(Enum):
    """Who gets to the data from another host."""

    OPEN = "anybody"
    CLOSED = "nobody"
    BY_ACCIDENT = "nobody, but nothing that was declared is the reason"


def reach(case: Case) -> Reach:
    """Whether data can be reached from outside."""
    on_host = case.network.startswith("host")
    if not case.holds_data:
        return Reach.BY_ACCIDENT if on_host or case.publish_all is True else Reach.CLOSED
    if on_host:
        return Reach.OPEN
    opened = [port for port in case.published if _is_open(port)]
    if case.network != "none" and any(port.inside == case.listens_on for port in opened):
        return Reach.OPEN
    # what an image exposes nobody can see here; a closed port may have been meant to be open
    return Reach.BY_ACCIDENT if opened or case.publish_all is True else Reach.CLOSED


def _is_open(port: Published) -> bool:
    numbers = _address(port.ip)
    loopback = numbers[0] == 127 if len(numbers) == 4 else not any(numbers[:15]) and numbers[15] == 1
    return not loopback


def _address(ip: Any) -> bytes:
    """The bytes of an address as Docker reads it. IPv4 in IPv6 is IPv4."""
    if isinstance(ip, str):
        for family in (socket.AF_INET, socket.AF_INET6):
            try:
                numbers = socket.inet_pton(family, ip)
            except OSError:
                continue
            mapped = len(numbers) == 16 and numbers[:12] == bytes(10) + b"\xff\xff"
            return numbers[12:] if mapped else numbers
    return bytes(4)
