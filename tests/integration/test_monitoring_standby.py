"""A server with a standby as the monitoring sees it, on real Docker: it is let in, the lag is told, and who is missing.

One stack of its own; the tests go through its life in order, each from where the one before has left it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import docker
import pytest

from tests.integration.life import lived
from tests.integration.project import Project
from tests.integration.standby_stacks import Replicated, one_server
from tests.integration.watched_stack import fires, prometheus, until

pytestmark = pytest.mark.integration
PREFIX = f"lag-{os.getpid()}"


@pytest.fixture(scope="module")
def life(daemon: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replicated]:
    """A server with a standby, monitored."""
    settings = {
        **one_server(daemon, PREFIX, standbys=1),
        "data-tier:monitoring": {"scrape": "5s", "thresholds": {"disk": 0.99}},
    }
    with lived(daemon, Project(tmp_path_factory.mktemp("lag"), settings), Replicated) as found:
        yield found


def now(life: Replicated, metric: str) -> dict[str, float]:
    (found,) = prometheus(life).now(metric)
    return {one.labels.get("standby", ""): one.last for one in found}


def test_the_exporter_is_let_in_and_tells_how_far_the_standby_is(life: Replicated) -> None:
    assert until(lambda: now(life, "pg_up") == {"": 1.0})
    assert until(lambda: now(life, "data_tier_standby_up") == {"member_2": 1.0})
    (lag,) = until(lambda: list(now(life, "data_tier_standby_lag_seconds").values()))
    assert lag < 60
    assert until(lambda: now(life, "data_tier:certificate:days").keys() == {""})
    (failures,) = prometheus(life).now("data_tier_exporter_failures_total > 0")
    assert failures == []


def test_after_a_switch_it_tells_of_the_other_one(life: Replicated) -> None:
    life.project.operate("switchover", "postgres")
    assert until(lambda: now(life, "data_tier_standby_up").get("member_1") == 1.0)
    assert until(lambda: now(life, "pg_up") == {"": 1.0})
    assert now(life, "pg_replication_is_replica") == {"": 0.0}, "it looks at the primary"


def test_a_standby_that_is_gone_is_an_alert(life: Replicated) -> None:
    life.container(1).stop()
    assert "member_1" in fires(life, "StandbyMissing", seconds=180).summary
    life.container(1).start()
    assert until(lambda: now(life, "data_tier_standby_up").get("member_1") == 1.0)
