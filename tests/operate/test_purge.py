"""Purging a retired app: what is refused, what is backed up, and that a run that was cut short goes on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from operate import lifecycle, pulumi, purge
from operate import stack as stacks
from operate.errors import OperateError
from tests.integration.project import REPOSITORY, STACK, Project
from tests.operate.outputs import outputs
from tests.operate.outputs import stack as made


def known(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, held: dict[str, Any], file: dict[str, Any]) -> None:
    """A stack whose ledger says `held` of mail, with a stack file like `file`."""
    apps = outputs()["apps"]
    apps["mail"].update(held)
    monkeypatch.setattr(stacks, "read", lambda name: made(apps=apps))
    monkeypatch.setattr(lifecycle, "own_keys", lambda name: {"apps": {"mail": {}}, **file})
    monkeypatch.setattr(pulumi, "REPOSITORY", tmp_path)


@pytest.mark.parametrize(("held", "file"), [
    ({"retired": False}, {}),
    ({"retired": False}, {"retired": ["mail"]}),
    ({"retired": True}, {}),
])  # fmt: skip
def test_an_app_that_isnt_retired_in_file_and_stack_is_refused_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, held: dict[str, Any], file: dict[str, Any]
) -> None:
    known(monkeypatch, tmp_path, held, file)
    with pytest.raises(OperateError, match=r"mail is in use: add it to data-tier:retired in Pulumi\.dev\.yaml"):
        purge.prepare("dev", "mail")


def test_an_app_without_data_is_nothing_to_purge(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    known(monkeypatch, tmp_path, {}, {})
    with pytest.raises(OperateError, match="no app front, and no data of it: nothing to purge"):
        purge.prepare("dev", "front")


def test_a_backup_of_another_app_is_not_taken_for_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    known(monkeypatch, tmp_path, {"retired": True}, {"retired": ["mail"]})
    folder = tmp_path / "backups" / "dev"
    folder.mkdir(parents=True)
    mine = "mail-unified-20260131T080000Z.dump"
    for name in (mine, "mail-old-unified-20260131T080000Z.dump", f".{mine}.x1"):
        (folder / name).touch()
    assert [Path(path).name for path in purge.prepare("dev", "mail").earlier] == [mine]


@pytest.mark.parametrize(("lists", "left"), [
    ({"retired": ["a", "my-app", "b"], "purging": ["my-app"]}, {"retired": ["a", "b"]}),
    ({"retired": ["my-app"]}, {}),
    ({}, {}),
])  # fmt: skip
def test_the_app_leaves_the_stack_file_and_the_others_stay(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, lists: dict[str, list[str]], left: dict[str, list[str]]
) -> None:
    """With the engine's own `config rm`; what an earlier run has taken out already is passed over."""
    config: dict[str, Any] = {"apps": {"my-app": {}, "other": {}}, **lists}
    project = Project(tmp_path, {f"data-tier:{key}": value for key, value in config.items()})
    project.pulumi("stack", "init")
    monkeypatch.setattr(pulumi, "REPOSITORY", tmp_path)
    monkeypatch.setattr(pulumi, "_WRAPPER", REPOSITORY / "pulumiw")
    for name, value in project.env.items():
        monkeypatch.setenv(name, value)
    purge._forget(STACK, "my-app")
    found = yaml.safe_load(project.file.read_text())["config"]
    assert found == {f"data-tier:{key}": value for key, value in {"apps": {"other": {}}, **left}.items()}


def test_a_reader_goes_with_the_last_app_that_it_reads() -> None:
    apps = {
        "shop": {"postgres": {"readers": ["audit", "reports"]}},
        "wiki": {"postgres": {"readers": ["reports"]}},
        "front": None,
    }
    file = {"apps": apps, "readers": {"audit": {}, "reports": {}, "nobody": {}}}
    assert purge._only_read(file, "shop") == ["audit"]
    assert purge._only_read(file, "wiki") == []
    assert purge._only_read({"apps": {"wiki": apps["wiki"]}, "readers": {"reports": {}}}, "wiki") == ["reports"]
