"""Where backend, passphrase and selected stack come from."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from embedded import environment
from embedded.errors import EngineError
from embedded.project import Project
from embedded.state import Backend

VARIABLES = (
    "PULUMI_BACKEND_URL",
    "PULUMI_CONFIG_PASSPHRASE",
    "PULUMI_CONFIG_PASSPHRASE_FILE",
    "PULUMI_CREDENTIALS_PATH",
    "PULUMI_STACK",
)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


def project(folder: Path, more: str = "") -> Project:
    (folder / "Pulumi.yaml").write_text(f"name: demo\nruntime: python\n{more}")
    return Project.load(folder)


def test_variable_comes_before_project_before_login(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = project(tmp_path)
    with pytest.raises(EngineError, match="no backend"):
        environment.backend_url(plain)
    (home / "credentials.json").write_text('{"current": "file:///login"}')
    assert environment.backend_url(plain) == "file:///login"
    own = project(tmp_path, "backend: {url: 'file:///project'}\n")
    assert environment.backend_url(own) == "file:///project"
    monkeypatch.setenv("PULUMI_BACKEND_URL", "file:///variable")
    assert environment.backend_url(own) == "file:///variable"


def test_damaged_credentials_are_named(tmp_path: Path, home: Path) -> None:
    (home / "credentials.json").write_text("{")
    with pytest.raises(EngineError, match=r"credentials\.json"):
        environment.backend_url(project(tmp_path))


def test_an_empty_passphrase_counts_as_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "")
    assert environment.passphrase() == ""


def test_the_passphrase_file_is_stripped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "p").write_text(" word \n")
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE_FILE", str(tmp_path / "p"))
    assert environment.passphrase() == "word"
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "first")
    assert environment.passphrase() == "first"


def test_a_missing_passphrase_and_a_missing_file_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(EngineError, match="passphrase must be set with PULUMI_CONFIG_PASSPHRASE or"):
        environment.passphrase()
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE_FILE", "/nowhere")
    with pytest.raises(EngineError, match="unable to read PULUMI_CONFIG_PASSPHRASE_FILE /nowhere: No such file"):
        environment.passphrase()


def test_a_selection_is_kept_where_the_cli_keeps_it(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = project(tmp_path)
    backend = Backend.from_url(f"file://{tmp_path}", "demo")
    assert backend.selected(own) == ""
    backend.select(own, "dev")
    digest = hashlib.sha1(str(tmp_path / "Pulumi.yaml").encode()).hexdigest()  # noqa: S324 the CLI's choice
    written = json.loads((home / "workspaces" / f"demo-{digest}-workspace.json").read_text())
    assert written == {
        "stack": "organization/demo/dev",
        "stacks": {f"file://{tmp_path}": "organization/demo/dev"},
    }
    assert backend.selected(own) == "dev"
    monkeypatch.setenv("PULUMI_STACK", "prod")
    assert backend.selected(own) == "prod"


def test_a_selection_made_by_an_older_cli_is_read(tmp_path: Path, home: Path) -> None:
    own = project(tmp_path)
    digest = hashlib.sha1(str(tmp_path / "Pulumi.yaml").encode()).hexdigest()  # noqa: S324
    (home / "workspaces").mkdir()
    (home / "workspaces" / f"demo-{digest}-workspace.json").write_text('{"stack": "dev"}')
    assert Backend.from_url(f"file://{tmp_path}", "demo").selected(own) == "dev"
