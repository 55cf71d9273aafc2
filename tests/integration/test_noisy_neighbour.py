"""One app does what it can, and the others on its server go on: on real Docker, within one run of about a minute.

What is measured and how belongs to `benchmarks.neighbour`; the figures of a quiet machine are in docs/benchmarks.md.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator

import docker
import pytest

from benchmarks import neighbour
from tests.integration import stackfile
from tests.integration.life import Life, lived
from tests.integration.project import Project

pytestmark = pytest.mark.integration
PREFIX = f"noisy-{os.getpid()}"


@pytest.fixture(scope="module")
def life(daemon: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    [data] = stackfile.free_subnets(daemon, 1)
    config = neighbour.config() | {"data-tier:prefix": PREFIX, "data-tier:protect": True}
    config["data-tier:network"] = {"data": {"internal": True, "subnet": str(data)}}
    with lived(daemon, Project(tmp_path_factory.mktemp("noisy"), config), Life) as found:
        yield found


def test_one_apps_noise_leaves_the_others_without_errors_and_with_half_their_pace(life: Life) -> None:
    server = life.told["servers"]["postgres"]
    found = neighbour.compare(life.host.client, server["network"], server["address"], life.told["secrets"])
    print(f"\nkept {found.kept}, p99 {found.slower} times, noise {found.noise}")
    assert found.failed == 0
    assert found.noise.refused > 10, "it did try to open more connections than it may"
    assert found.noise.asked >= found.noise.ended > 2, "its heavy queries were ended"
    assert min(found.kept.values()) >= 0.5
    assert max(found.slower.values()) <= 5
    broken = json.loads(life.project.operate("watchdog", "--json").out)["watchdogs"][0]["broken"]
    assert {one["app"] for one in broken} == {neighbour.NOISY}
    assert ("statement_timeout", "cancelled") in {(one["limit"], one["did"]) for one in broken}
