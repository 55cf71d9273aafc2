"""Backups as the monitoring sees them, on real Docker: what is told of them, and a spoilt one.

One stack of its own; the tests go through its life in order, each from where the one before has left it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import docker
import pytest

from tests.integration.daemon import ran
from tests.integration.life import Life, lived
from tests.integration.project import Project
from tests.integration.standby_stacks import one_server
from tests.integration.test_pgbackrest import SPOILT
from tests.integration.watched_stack import fires, prometheus, until

pytestmark = pytest.mark.integration
PREFIX = f"proof-{os.getpid()}"
BACKUP = f"{PREFIX}-postgres-unified-backup"


@pytest.fixture(scope="module")
def life(daemon: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    """A server with backups, monitored."""
    backup = {"restore_test": None, "memory": "256Mi"}
    settings = {
        **one_server(daemon, PREFIX, backup=backup),
        "data-tier:monitoring": {"scrape": "5s", "thresholds": {"disk": 0.99}},
    }
    with lived(daemon, Project(tmp_path_factory.mktemp("proof"), settings), Life) as found:
        yield found


def told(life: Life, metric: str) -> dict[tuple[str, str], float]:
    (found,) = prometheus(life).now(metric)
    return {(one.labels["server"], one.labels.get("type", "")): one.last for one in found}


def test_what_the_backup_container_tells_arrives_under_the_servers_key(life: Life) -> None:
    made = "data_tier_backup_last_success_timestamp_seconds > 0"
    until(lambda: told(life, made).get(("postgres", "full")), seconds=240)
    assert told(life, "data_tier_backup_up") == {("postgres", ""): 1.0}
    overdue = told(life, "data_tier_backup_overdue_timestamp_seconds - time()")
    assert set(overdue) == {("postgres", "full"), ("postgres", "diff")}
    assert min(overdue.values()) > 3600, "nothing is overdue in a new stack"
    assert told(life, "data_tier_archive_waiting_seconds").keys() == {("postgres", "")}
    (failures,) = prometheus(life).now("data_tier_exporter_failures_total > 0")
    assert failures == []


def test_the_backup_container_is_on_no_network_but_the_servers(life: Life) -> None:
    networks = life.host.containers()[BACKUP].attrs["NetworkSettings"]["Networks"]
    assert set(networks) == {f"{PREFIX}-data-tier"}


def test_the_report_has_the_backup(life: Life) -> None:
    file = life.project.root / "report.html"
    life.project.operate("report", "--output", str(file), "--hours", "1")
    text = file.read_text()
    assert "<td>postgres</td><td>full</td>" in text
    assert "the last restore test failed" not in text


def test_a_spoilt_backup_is_an_alert_when_it_was_tried(life: Life) -> None:
    code, said = ran(life.host.containers()[BACKUP], ["python3", "-c", SPOILT])
    assert code == 0, said
    assert life.project.operate("backup", "--test", ok=False).code == 1
    assert fires(life, "RestoreTestFailed").server == "postgres"
    file = life.project.root / "report.html"
    life.project.operate("report", "--output", str(file), "--hours", "1")
    assert "the last restore test failed" in file.read_text()


def test_a_backup_container_that_is_stopped_is_an_alert(life: Life) -> None:
    life.host.containers()[BACKUP].stop()
    assert fires(life, "BackupDown", seconds=240).server == "postgres"
    life.host.containers(ended=True)[BACKUP].start()
    assert until(lambda: told(life, "data_tier_backup_up") == {("postgres", ""): 1.0})
