"""What is looked at before a stack is brought up: rules, and what others have on this host."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from operate import declared, lifecycle, pulumi, readiness
from operate.doctor import taken
from operate.doctor.finding import fail, ok
from operate.doctor.stack_file import StackFile
from operate.errors import OperateError
from tests.components.samples import small

DATA = {"data-tier.stack": "small", "data-tier.tier": "data"}


class Client:
    """A Docker host with volumes; it filters by labels as the daemon does."""

    def __init__(self, **volumes: dict[str, str]) -> None:
        self._volumes = volumes
        self.volumes = self

    def list(self, filters: dict[str, list[str]]) -> list[Any]:
        wanted = dict(one.split("=", 1) for one in filters["label"])
        return [SimpleNamespace(name=name) for name, its in self._volumes.items() if wanted.items() <= its.items()]


@pytest.fixture(autouse=True)
def stack_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = {f"data-tier:{key}": value for key, value in small().items()}
    (tmp_path / "Pulumi.dev.yaml").write_text(yaml.safe_dump({"config": config}))
    monkeypatch.setattr(pulumi, "REPOSITORY", tmp_path)
    monkeypatch.setattr(taken, "ports", lambda file, client: [ok("ports", "free")])
    monkeypatch.setattr(taken, "subnets", lambda file, client: [ok("subnets", "free")])


def room(state: dict[str, Any] | None, client: Any, *, here: bool = True) -> None:
    readiness.require_room("dev", state or {}, client, here=here)


def volume(name: str) -> dict[str, Any]:
    return {"type": "docker:index/volume:Volume", "id": name, "inputs": {"name": name}}


@pytest.mark.parametrize("deployment", [None, {}, {"resources": [volume("small-other-data")]}])
def test_data_that_the_stack_does_not_know_is_not_taken(deployment: dict[str, Any] | None) -> None:
    with pytest.raises(OperateError) as caught:
        room(deployment, Client(**{"small-data": DATA, "small-keys": DATA}))
    said = str(caught.value)
    assert "data already that stack dev doesn't know: small-data, small-keys" in said
    assert "Another stack has the prefix small" in said


@pytest.mark.parametrize(
    "deployment",
    [
        {"resources": [volume("small-data")]},
        {"resources": [], "pending_operations": [{"resource": {**volume("small-data"), "id": ""}, "type": "creating"}]},
    ],
)
def test_the_stacks_own_data_and_what_it_was_making_are_its_own(deployment: dict[str, Any]) -> None:
    room(deployment, Client(**{"small-data": DATA}))


def test_volumes_of_others_and_without_data_are_left_alone() -> None:
    others = {"a": {"data-tier.stack": "other", "data-tier.tier": "data"}, "b": {"data-tier.stack": "small"}}
    room({}, Client(**others))


def test_everything_in_the_way_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(taken, "ports", lambda file, client: [fail("ports", "4000 is in use", "stop it")])
    monkeypatch.setattr(taken, "subnets", lambda file, client: [fail("subnets", "10.0.0.0/24 overlaps", "another")])
    with pytest.raises(OperateError) as caught:
        room({}, Client(**{"small-data": DATA}))
    assert str(caught.value).count("\n  - ") == 3
    assert "4000 is in use: stop it" in str(caught.value)


def test_ports_of_this_machine_say_nothing_about_another_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(taken, "ports", lambda file, client: [fail("ports", "4000 is in use", "stop it")])
    room({}, Client(), here=False)
    with pytest.raises(OperateError, match="data already"):
        room({}, Client(**{"small-data": DATA}), here=False)


def test_a_stack_that_was_taken_down_breaks_no_rule(tmp_path: Path) -> None:
    """`config set` writes text, as Pulumi's own does."""
    file = tmp_path / "Pulumi.dev.yaml"
    content = yaml.safe_load(file.read_text())
    content["config"]["data-tier:running"] = "false"
    file.write_text(yaml.safe_dump(content))
    readiness.require_rules(lifecycle.own_keys("dev"))
    assert StackFile.read("dev").finding.level == "ok"
    assert declared.read("dev", file).settings("unified").running


def test_every_broken_rule_is_told_before_anything_else() -> None:
    raw = small()
    raw["postgress"] = raw.pop("postgres")
    with pytest.raises(OperateError) as caught:
        readiness.require_rules(raw)
    assert "data-tier:postgress: there is no such key" in str(caught.value)
    assert "data-tier:postgres: this key is required" in str(caught.value)
