"""The oracle against a real daemon: containers are really published, and another network namespace really connects.

`POLICY_DAEMON_CASES=200` tries more of them (`make soak`).
"""

from __future__ import annotations

import os
import random
import time
from itertools import product
from typing import Any

import pytest
from docker import APIClient

from embedded.providers.base import ProviderError
from tests.embedded.providers.docker.conftest import CONTAINER, Bench
from tests.embedded.providers.docker.test_container_on_docker import free_port
from tests.policies.reach.cases import LOOPBACK, PUBLIC, UNREADABLE, Case, Published
from tests.policies.reach.conftest import HERE, Outsider
from tests.policies.reach.oracle import Reach, reach

pytestmark = pytest.mark.integration
COUNT = int(os.environ.get("POLICY_DAEMON_CASES", "20"))
ADDRESSES = (*LOOPBACK, *PUBLIC, *UNREADABLE, HERE)
EVERY = list(
    product(ADDRESSES, ("same", ..., None, 0), ("bridge", "bridge", "host", "none"), (..., True), (True, False))
)
SAMPLED = random.Random(2026).sample(EVERY, COUNT)  # noqa: S311  the same in every run


def made(ip: Any, outside: Any, network: str, publish_all: Any, listens: bool) -> Case:
    """A case with free ports; `listens` False publishes a port on which nobody listens."""
    inside = free_port()
    port = Published(ip, inside if listens else 81, free_port() if outside == "same" else outside)
    return Case(inside, True, "label", "data", (port,), network, publish_all)


@pytest.mark.parametrize(
    "chosen", SAMPLED, ids=[f"{one[0]!r}-{one[1]!r}-{one[2]}-{one[3]!r}-{one[4]}" for one in SAMPLED]
)
def test_who_gets_through_is_what_the_oracle_says(
    bench: Bench, daemon: APIClient, image: str, outsider: Outsider, chosen: tuple[Any, ...]
) -> None:
    ip, *rest = chosen
    case = made(outsider.here[0] if ip == HERE else ip, *rest)
    ports = started(bench, daemon, image, case)
    reached = any(outsider.reaches(port) for port in ports)
    assert reached == (reach(case) is Reach.OPEN), f"{reach(case)}, and the other host finds {ports}: {case}"


def started(bench: Bench, daemon: APIClient, image: str, case: Case) -> list[int]:
    """Start it; the ports of this host that lead to it. None where Docker refuses it."""
    props = case.declared() | {
        "name": bench.name("case"),
        "image": image,
        "command": ["sh", "-c", f"while true; do echo hello | nc -l -p {case.listens_on}; done"],
    }
    for key in ("healthcheck", "volumes", "labels"):
        props.pop(key)
    try:
        id, _, _ = bench.create(CONTAINER, **props)
    except (ProviderError, AssertionError):
        return []
    time.sleep(0.3)
    if case.network == "host":
        return [case.listens_on]
    published = daemon.inspect_container(id)["NetworkSettings"]["Ports"] or {}
    return [int(one["HostPort"]) for bound in published.values() for one in bound or []]
