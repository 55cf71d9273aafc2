"""The workflows can't be turned against the project: what they run, what they may, what they are given."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
FILES = sorted((ROOT / ".github/workflows").glob("*.y*ml"))
PINNED = re.compile(r"^[\w.-]+/[\w./-]+@[0-9a-f]{40}$")
PREVIEWS = ("own", "fork")


def read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / f".github/workflows/{name}.yml").read_text())
    return found


def events(workflow: dict[Any, Any]) -> dict[str, Any]:
    found = workflow[True]  # YAML 1.1 reads `on` so
    return found if isinstance(found, dict) else dict.fromkeys([found] if isinstance(found, str) else found)


def steps(workflow: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for job in workflow["jobs"].values():
        yield from job["steps"]


def job(name: str) -> dict[str, Any]:
    found: dict[str, Any] = read("preview")["jobs"][name]
    return found


def checkouts(of: dict[str, Any]) -> list[dict[str, Any]]:
    return [one.get("with", {}) for one in of["steps"] if one.get("uses", "").startswith("actions/checkout@")]


def test_there_are_workflows() -> None:
    assert {file.stem for file in FILES} == {"preview", "up"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
class TestEveryWorkflow:
    def test_no_event_gives_a_pull_requests_code_more_than_it_may_have(self, file: Path) -> None:
        assert not {"pull_request_target", "workflow_run", "issue_comment"} & events(read(file.stem)).keys()

    def test_every_action_is_pinned_by_commit_and_names_its_release(self, file: Path) -> None:
        used = [one["uses"] for one in steps(read(file.stem)) if "uses" in one]
        assert used
        assert [one for one in used if not PINNED.match(one)] == []
        lines = [line for line in file.read_text().splitlines() if "uses:" in line]
        assert [line for line in lines if not re.search(r"@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line)] == []

    def test_permissions_are_none_unless_a_job_names_them(self, file: Path) -> None:
        workflow = read(file.stem)
        assert workflow["permissions"] == {}
        for one in workflow["jobs"].values():
            assert isinstance(one["permissions"], dict)

    def test_no_script_is_put_together_from_what_others_write(self, file: Path) -> None:
        assert [one["run"] for one in steps(read(file.stem)) if "${{" in one.get("run", "")] == []
        assert "head_ref" not in file.read_text()

    def test_no_checkout_leaves_a_token_behind(self, file: Path) -> None:
        for one in read(file.stem)["jobs"].values():
            assert all(given["persist-credentials"] is False for given in checkouts(one))

    def test_every_job_ends_in_time_and_runs_beside_no_other_of_its_kind(self, file: Path) -> None:
        workflow = read(file.stem)
        assert all(one["timeout-minutes"] <= 120 for one in workflow["jobs"].values())
        assert workflow["concurrency"]["group"]

    def test_the_cli_is_the_one_that_the_sdk_belongs_to(self, file: Path) -> None:
        packages = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
        versions = {one["with"]["pulumi-version"] for one in steps(read(file.stem)) if "pulumi/" in one.get("uses", "")}
        assert {f"pulumi=={version}" for version in versions} <= set(packages)
        assert versions


@pytest.mark.parametrize("name", PREVIEWS)
def test_the_target_branch_judges(name: str) -> None:
    base, head = checkouts(job(name))
    assert (base["path"], base["ref"]) == ("base", "${{ github.base_ref }}")
    assert head["path"] == "head"
    assert "ref" not in head, "the default is the pull request merged, without a name that others choose"
    scripts = [one["run"] for one in job(name)["steps"] if "make" in one.get("run", "")]
    assert len(scripts) == 1
    assert re.search(r"make \S+ -C base ci-preview ", scripts[0])
    assert 'CI_PROJECT="$PWD/head"' in scripts[0]


def test_only_pull_requests_to_main_are_previewed() -> None:
    assert events(read("preview")) == {"pull_request": {"branches": ["main"]}}


def test_a_fork_has_no_secrets_and_no_state() -> None:
    text = yaml.safe_dump(job("fork"))
    assert "secrets" not in text
    assert "environment" not in job("fork")
    assert "token" not in text.lower()
    assert "CI_STATE=none" in text
    assert job("fork")["permissions"] == {"contents": "read"}


def test_a_pull_request_is_a_forks_or_our_own_and_never_both() -> None:
    own, fork = (job(name)["if"] for name in PREVIEWS)
    turned = own.replace("==", "\0").replace("!=", "==").replace("\0", "!=").replace("&&", "||")
    assert turned == fork
    assert "head.repo.full_name == github.repository" in own
    assert "dependabot[bot]" in own, "its pull requests get no secrets"


def test_what_may_comment_runs_no_code_of_the_pull_request() -> None:
    writing = {name for name, one in read("preview")["jobs"].items() if "write" in one["permissions"].values()}
    assert writing == {"comment"}
    assert job("comment")["permissions"] == {"pull-requests": "write"}
    assert checkouts(job("comment")) == []
    assert "secrets" not in yaml.safe_dump(job("comment"))


def test_the_comment_is_found_by_its_marker_and_left_away_where_there_is_nothing_to_say() -> None:
    from operate.ci.comment import Preview, marker, write

    script = job("comment")["steps"][-1]["run"]
    assert f'marker="{marker("$STACK")}"' in script
    said = re.search(r"grep -q '(.*)'", script)
    assert said
    assert re.search(said[1], write(Preview(stack="dev")).splitlines()[1])


def test_up_waits_for_its_reviewers_and_is_never_cut_off() -> None:
    workflow = read("up")
    assert events(workflow)["push"] == {"branches": ["main"]}
    assert "pull_request" not in events(workflow)
    assert workflow["concurrency"]["cancel-in-progress"] is False
    (up,) = workflow["jobs"].values()
    assert up["environment"] == "production"
    assert up["if"] == "github.ref == 'refs/heads/main'"
    assert [one["run"] for one in up["steps"] if "run" in one] == ['make --no-print-directory up STACK="$STACK"']


def test_no_pull_request_runs_on_a_machine_of_our_own() -> None:
    assert all("self-hosted" not in one["runs-on"] for one in read("preview")["jobs"].values())


def test_what_judges_has_owners() -> None:
    lines = (ROOT / ".github/CODEOWNERS").read_text().splitlines()
    owned = {line.split()[0]: line.split()[1:] for line in lines if line.strip() and not line.startswith("#")}
    for path in ("/policies/", "/.github/", "/pulumiw", "/Makefile", "/operate/ci/"):
        assert owned.get(path), f"{path} has no owner"
        assert (ROOT / path.strip("/")).exists()
