"""Wrong input, as a person meets it: one clear message, an exit code, and nothing built."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import docker
import pytest

from tests.integration import stackfile
from tests.integration.conftest import Stack
from tests.integration.daemon import Host
from tests.integration.project import Project, Result

pytestmark = pytest.mark.integration
PREFIX = f"{stackfile.PREFIX}-bad"
NOWHERE = "unix:///nonexistent/docker.sock"
Spoil = Callable[[dict[str, Any]], None]


@pytest.fixture
def settings(daemon: docker.DockerClient) -> dict[str, Any]:
    """A stack file's keys that would come up: the tests spoil them."""
    return {**stackfile.settings(daemon), "data-tier:prefix": PREFIX}


def assert_clear(done: Result, *wanted: str) -> None:
    """One message that names what is wrong, an exit code, no traceback."""
    assert done.code != 0, done.text
    assert "Traceback" not in done.text, done.text
    for part in wanted:
        assert part in done.text, done.text


def assert_nothing_built(daemon: docker.DockerClient, project: Project | None = None) -> None:
    host = Host(daemon, PREFIX)
    assert [*host.containers(ended=True), *host.networks(), *host.volumes()] == []
    if project:
        types = {item["type"] for item in project.resources()}
        assert types <= {"pulumi:pulumi:Stack"}, "the state knows of nothing either"


def unknown_key(config: dict[str, Any]) -> None:
    config["data-tier:postgres"]["imgae"] = "postgres:17"


def clashing_ports(config: dict[str, Any]) -> None:
    apps = config["data-tier:apps"]
    apps["wagtail"]["service"]["port"] = apps["brain"]["service"]["port"]


def overlapping_subnets(config: dict[str, Any]) -> None:
    network = config["data-tier:network"]
    network["backend"]["subnet"] = network["data"]["subnet"]


def port_outside_its_tier(config: dict[str, Any]) -> None:
    config["data-tier:apps"]["brain"]["service"]["port"] = "3999:8000"


def bad_database_name(config: dict[str, Any]) -> None:
    config["data-tier:apps"]["brain"]["postgres"]["database"] = "Biz-OSaaS; DROP"


def bad_container_name(config: dict[str, Any]) -> None:
    config["data-tier:apps"]["brain"]["service"]["name"] = "brain_1/x"


def unknown_redis_database(config: dict[str, Any]) -> None:
    config["data-tier:apps"]["brain"]["redis"] = ["queue"]


@pytest.mark.parametrize(
    ("spoil", "key"),
    [
        (unknown_key, "data-tier:postgres.imgae"),
        (clashing_ports, "data-tier:apps.wagtail.service.port"),
        (overlapping_subnets, "data-tier:network.data.subnet"),
        (port_outside_its_tier, "data-tier:apps.brain.service.port"),
        (bad_database_name, "data-tier:apps.brain.postgres.database"),
        (bad_container_name, "data-tier:apps.brain.service.name"),
        (unknown_redis_database, "data-tier:apps.brain.redis[0]"),
    ],
)
def test_a_wrong_setting_is_named_and_nothing_is_built(
    daemon: docker.DockerClient, tmp_path: Path, settings: dict[str, Any], spoil: Spoil, key: str
) -> None:
    spoil(settings)
    project = Project(tmp_path, settings)
    project.pulumi("stack", "init")
    done = project.pulumi("up", "--yes", "--skip-preview", ok=False)
    assert_clear(done, "1 problem in the stack file; nothing was built", f"- {key}")
    assert_nothing_built(daemon, project)


def test_all_wrong_settings_are_reported_at_once(
    daemon: docker.DockerClient, tmp_path: Path, settings: dict[str, Any]
) -> None:
    for spoil in (unknown_key, bad_database_name, unknown_redis_database):
        spoil(settings)
    project = Project(tmp_path, settings)
    project.pulumi("stack", "init")
    done = project.pulumi("up", "--yes", "--skip-preview", ok=False)
    assert_clear(done, "3 problems in the stack file", "postgres.imgae", "brain.postgres.database", "brain.redis[0]")
    assert_nothing_built(daemon, project)


def test_a_tab_in_the_stack_file_is_told_with_its_place(daemon: docker.DockerClient, tmp_path: Path) -> None:
    project = Project(tmp_path, "config: {}\n")
    project.pulumi("stack", "init")
    project.file.write_text("config:\n  data-tier:prefix: x\n\tdata-tier:apps: {}\n")
    for done in (project.operate("up", ok=False), project.pulumi("preview", ok=False)):
        assert_clear(done, "Pulumi.dev.yaml")
        assert "tab" in done.text or "\\t" in done.text, done.text
        assert "line 3" in done.text or ":3:" in done.text, done.text
    assert_nothing_built(daemon)


def test_a_stack_without_its_file_is_told_what_to_write(tmp_path: Path) -> None:
    project = Project(tmp_path, "")
    project.file.unlink()
    assert_clear(project.operate("up", ok=False), "Pulumi.dev.yaml")


def test_a_wrong_passphrase_changes_nothing(stack: Stack) -> None:
    before = stack.host.ids()
    for command in (["preview"], ["up", "--yes"], ["destroy", "--yes"]):
        done = stack.project.pulumi(*command, ok=False, PULUMI_CONFIG_PASSPHRASE="wrong")
        assert_clear(done, "incorrect passphrase")
    assert stack.host.ids() == before
    assert stack.project.steps() == {}


def test_without_docker_up_says_what_to_do(
    daemon: docker.DockerClient, tmp_path: Path, settings: dict[str, Any]
) -> None:
    project = Project(tmp_path, settings)
    for command in ("up", "down"):
        assert_clear(project.operate(command, ok=False, DOCKER_HOST=NOWHERE), "Docker", "DOCKER_HOST", "ensure-docker")
    project.pulumi("stack", "init")
    done = project.pulumi("up", "--yes", "--skip-preview", ok=False, DOCKER_HOST=NOWHERE)
    assert_clear(done, "Docker", "DOCKER_HOST")
    assert_nothing_built(daemon)
