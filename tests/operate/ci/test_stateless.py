"""A stack file for a plan without state: its salt and secrets belong to a passphrase that a fork hasn't."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from embedded.secrets import PassphraseSecrets
from operate.ci import stateless
from operate.errors import OperateError

OLD = "v1:AAAAAAAAAAA=:v1:BBBBBBBBBBBBBBBB:CCCC"


def written(folder: Path, text: str) -> Path:
    (folder / "Pulumi.yaml").write_text("name: demo\nruntime: python\n")
    file = folder / "Pulumi.dev.yaml"
    file.write_text(text)
    return file


def test_secrets_are_exchanged_wherever_they_stand_and_open_with_the_new_passphrase(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        f"secretsprovider: awskms://x\nencryptedkey: y\nencryptionsalt: {OLD}\n"
        f"config:\n  a:plain: 1\n  a:one: {{secure: {OLD}}}\n  a:deep: {{list: [0, {{secure: {OLD}}}]}}\n",
    )
    assert stateless.exchange(file, "new") == ("a:one", "a:deep.list[1]")
    found = yaml.safe_load(file.read_text())
    assert OLD not in file.read_text()
    assert set(found) == {"config", "encryptionsalt"}
    assert found["config"]["a:plain"] == 1
    opened = PassphraseSecrets.open("new", found["encryptionsalt"])
    values = {opened.decrypt(one["secure"]) for one in (found["config"]["a:one"], found["config"]["a:deep"]["list"][1])}
    assert len(values) == 2


def test_the_project_itself_is_left_as_it_was_and_the_copy_goes(tmp_path: Path) -> None:
    file = written(tmp_path, f"encryptionsalt: {OLD}\nconfig: {{}}\n")
    before = file.read_bytes()
    with stateless.copied(tmp_path, "dev") as copy:
        assert copy.folder != tmp_path
        assert copy.env["PULUMI_BACKEND_URL"].startswith("file://")
    assert not copy.folder.exists()
    assert file.read_bytes() == before


def test_state_and_history_are_not_copied(tmp_path: Path) -> None:
    written(tmp_path, "config: {}\n")
    for name in (".state", ".git", ".venv"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "passphrase").touch()
    with stateless.copied(tmp_path, "dev") as copy:
        assert not (copy.folder / ".state").exists()
        assert not (copy.folder / ".git").exists()
        assert (copy.folder / ".venv").is_symlink()


def test_credentials_of_the_environment_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path, "config: {}\n")
    monkeypatch.setenv("PULUMI_ACCESS_TOKEN", "x")
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "x")
    with stateless.copied(tmp_path, "dev") as copy:
        assert not {"PULUMI_ACCESS_TOKEN", "PULUMI_CONFIG_PASSPHRASE"} & copy.env.keys()


@pytest.mark.parametrize("text", ["[", "- a\n", "config: [a]\n", "just text\n"])
def test_a_file_that_is_no_stack_file_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(OperateError, match="isn't a stack file"):
        stateless.exchange(written(tmp_path, text), "x")


def test_a_missing_stack_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(OperateError, match=r"Pulumi\.none\.yaml is missing"):
        stateless.exchange(tmp_path / "Pulumi.none.yaml", "x")
