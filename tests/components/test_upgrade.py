"""States that real stacks were exported with, previewed by this version: data stays. Needs no Docker.

A fixture is never changed: a later version adds its own, made by `tests/fixtures/upgrade/make.py`.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.fixtures.upgrade.make import HERE, PASSPHRASE
from tests.integration.project import Project

FIXTURES = sorted(path.stem for path in HERE.glob("*.json"))
OF_THIS_VERSION: list[str] = []  # those of before TLS get certificates; a stack of this version is still to be recorded
NOWHERE = {"DOCKER_HOST": "unix:///nonexistent/docker.sock"}


def stack_of(fixture: str, folder: Path) -> Project:
    """A project whose stack has the fixture's stack file and state."""
    project = Project(folder, (HERE / f"{fixture}.yaml").read_text())
    (folder / "passphrase").write_text(PASSPHRASE)
    project.env |= NOWHERE
    project.pulumi("stack", "init")
    project.pulumi("stack", "import", "--file", str(HERE / f"{fixture}.json"))
    return project


def losses(fixture: str, steps: dict[str, set[str]]) -> dict[str, set[str]]:
    """What would be done to resources that hold data, which are the protected ones, beyond updating them."""
    resources = json.loads((HERE / f"{fixture}.json").read_text())["deployment"]["resources"]
    held = {item["urn"].rsplit("::", 1)[-1] for item in resources if item.get("protect")}
    assert held, "the state holds no data: nothing was tried"
    found = {name: ops - {"update"} for name, ops in steps.items() if name in held}
    return {name: ops for name, ops in found.items() if ops}


@pytest.mark.parametrize("fixture", FIXTURES)
def test_nothing_that_holds_data_is_replaced_or_deleted(fixture, tmp_path):
    steps = stack_of(fixture, tmp_path).steps()
    assert losses(fixture, steps) == {}
    if fixture in OF_THIS_VERSION:
        assert steps == {}, "a stack of this version has nothing to change"


def test_a_replacement_would_be_seen(tmp_path):
    project = stack_of("unified", tmp_path)
    state = json.loads(project.pulumi("stack", "export").out)
    volume = next(it for it in state["deployment"]["resources"] if it["urn"].endswith("::postgres-server-data"))
    for labels in (volume["inputs"]["labels"], volume["outputs"]["labels"]):
        next(label for label in labels if label["label"] == "data-tier.major")["value"] = "16"
    (tmp_path / "planted.json").write_text(json.dumps(state))
    project.pulumi("stack", "import", "--file", str(tmp_path / "planted.json"))
    file = project.edit()
    file["config"]["data-tier:protect"] = False
    project.write(file)
    assert losses("unified", project.steps()).keys() == {"postgres-server-data"}
