"""The command on whole projects, by the embedded engine; a preview needs no Docker."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.integration.project import Project

REPOSITORY = Path(__file__).parents[3]
OPEN = """
import pulumi_docker as docker
docker.Container("db", image="postgres:17", ports=[docker.ContainerPortArgs(internal=5432, external=5432)])
"""
DRAWN = """
import pulumi
import pulumi_random as random
length = pulumi.Config().get_int("length") or 30
password = random.RandomPassword("admin", length=length)
pulumi.export("plain", password.length)
"""
_COPIED = ("components", "embedded", "images", "operate", "policies", "scripts")
_FILES = ("Makefile", "pulumiw", "requirements.lock")


@dataclass(frozen=True)
class Commented:
    """What the command has printed, and its exit code."""

    code: int
    text: str
    err: str

    @property
    def title(self) -> str:
        return self.text.splitlines()[1]


def comment_on(project: Path, *options: str, tool: Path = REPOSITORY, env: dict[str, str] | None = None) -> Commented:
    done = subprocess.run(
        [tool / ".venv/bin/python", "-m", "operate.ci", "--stack", "dev", "--project", project, *options],
        cwd=tool,
        env=env or {**os.environ, "PULUMIW_ENGINE": "embedded"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return Commented(done.returncode, done.stdout, done.stderr)


Make = Callable[[str], Project]


@pytest.fixture
def project(tmp_path: Path) -> Make:
    """Makes a project of one program, with an empty stack file and a backend of its own."""
    return lambda program: Project(tmp_path, "config: {}\n", program)


def test_a_refused_program_is_told_of_without_state_and_the_command_fails(project: Make, tmp_path: Path) -> None:
    opened = project(OPEN)
    opened.file.write_text("encryptionsalt: v1:AAAAAAAAAAA=:v1:BBBBBBBBBBBBBBBB:CCCC\nconfig: {}\n")
    before = opened.file.read_bytes()
    found = comment_on(opened.root, "--state", "none", "--comment", str(tmp_path / "out.md"))
    assert found.code != 0
    assert "refused" in found.title, found.text + found.err
    assert "**`refuse-published-data-port`** | **mandatory** | critical | `docker:index:Container: db`" in found.text
    assert "Planned without state" in found.text
    assert (tmp_path / "out.md").read_text() == found.text
    assert opened.file.read_bytes() == before


def test_a_change_is_told_of_and_the_comment_is_refreshed_when_it_vanishes(project: Make) -> None:
    drawn = project(DRAWN)
    drawn.pulumi("stack", "init")
    drawn.pulumi("up", "--yes")
    secret = next(one for one in drawn.resources() if one["type"].endswith("RandomPassword"))["outputs"]["result"]
    drawn.pulumi("config", "set", "length", "40")
    changed = comment_on(drawn.root, env=drawn.env)
    assert changed.code == 0, changed.err
    assert "of data" in changed.title
    assert "**replace password `admin`**" in changed.text
    assert "Caused by `length`" in changed.text
    drawn.pulumi("config", "rm", "length")
    same = comment_on(drawn.root, env=drawn.env)
    assert (same.code, same.title) == (0, "## Preview of `dev`: no changes")
    assert secret not in changed.text + changed.err + same.text + same.err


def test_a_program_that_fails_gives_its_error(project: Make) -> None:
    found = comment_on(
        project("import pulumi\nraise pulumi.RunError('data-tier:apps.x: no such key')").root, "--state", "none"
    )
    assert found.code != 0
    assert found.title == "## Preview of `dev`: failed"
    assert "data-tier:apps.x: no such key" in found.text


def test_a_stack_that_is_not_there_gives_the_engines_error(project: Make) -> None:
    opened = project(OPEN)
    found = comment_on(opened.root, env=opened.env)
    assert found.code != 0
    assert found.title == "## Preview of `dev`: failed"
    assert "dev" in found.text.partition("### Errors")[2]


def test_what_is_no_project_or_stack_is_said_in_one_line(tmp_path: Path) -> None:
    found = comment_on(tmp_path)
    assert (found.code, found.text) == (1, "")
    assert found.err.startswith("error: ")
    assert "no Pulumi.yaml" in found.err


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository of this code with a program of its own; its only commit is the target branch."""
    root = tmp_path / "repository"
    root.mkdir()
    ignored = shutil.ignore_patterns("__pycache__")
    for name in _COPIED:
        shutil.copytree(REPOSITORY / name, root / name, ignore=ignored)
    for name in _FILES:
        shutil.copy(REPOSITORY / name, root)
    (root / "Pulumi.yaml").write_text("name: tried\nruntime: {name: python, options: {virtualenv: .venv}}\n")
    (root / "Pulumi.dev.yaml").write_text("config: {}\n")
    (root / "__main__.py").write_text(OPEN)
    git = ["git", "-C", str(root), "-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"]
    for command in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-q", "-m", "base"]):
        subprocess.run([*git, *command], check=True, capture_output=True)
    (root / ".venv").symlink_to(REPOSITORY / ".venv")
    return root


def test_a_pull_request_cannot_weaken_the_policies_that_judge_it(repository: Path) -> None:
    shutil.rmtree(repository / "policies/rules/docker")
    weak = comment_on(repository, "--state", "none", tool=repository)
    assert "refuse-published-data-port" not in weak.text
    judged = comment_on(repository, "--state", "none", "--base", "main", tool=repository)
    assert judged.code != 0
    assert "refuse-published-data-port" in judged.text, judged.text + judged.err


def test_a_base_that_is_no_commit_is_named(repository: Path) -> None:
    found = comment_on(repository, "--state", "none", "--base", "nowhere", tool=repository)
    assert (found.code, found.text) == (1, "")
    assert "CI_BASE=nowhere is no commit here" in found.err
