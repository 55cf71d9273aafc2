"""`config …` as a person calls it."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from embedded.cli import main

WORD = "hunter22-hunter22"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    """A project `demo` with the stack `dev` selected."""
    (tmp_path / "Pulumi.yaml").write_text("name: demo\nruntime: python\nconfig: {size: {type: integer, default: 3}}\n")
    (tmp_path / "state").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{tmp_path}/state")
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "x")
    monkeypatch.delenv("PULUMI_STACK", raising=False)
    assert main(["stack", "init", "dev"]) == 0
    capsys.readouterr()
    return tmp_path


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(arguments) == 0
    return capsys.readouterr().out


def failed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(arguments) == 1
    captured = capsys.readouterr()
    assert captured.err.startswith("error: ")
    return captured.err


def type_in(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))


def test_a_value_set_is_the_value_got(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    assert said(capsys, "config", "set", "region", "eu") == ""
    assert said(capsys, "config", "get", "region") == "eu\n"
    assert said(capsys, "config", "get", "demo:region") == "eu\n"
    assert "demo:region: eu" in (folder / "Pulumi.dev.yaml").read_text()


def test_a_secret_comes_from_standard_input_and_is_written_encrypted(
    capsys: pytest.CaptureFixture[str], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    type_in(monkeypatch, WORD + "\n")
    assert said(capsys, "config", "set", "password", "--secret") == ""
    assert WORD not in (folder / "Pulumi.dev.yaml").read_text()
    assert said(capsys, "config", "get", "password") == WORD + "\n"


def test_what_looks_like_a_secret_is_not_written_in_plain(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    message = failed(capsys, "config", "set", "dbPassword", WORD)
    assert "looks like a secret; rerun with --secret" in message
    assert WORD not in message + (folder / "Pulumi.dev.yaml").read_text()
    assert said(capsys, "config", "set", "dbPassword", WORD, "--plaintext") == ""
    assert "only one of" in failed(capsys, "config", "set", "a", "b", "--plaintext", "--secret")


def test_the_list_hides_secrets_until_asked_and_shows_presets(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    type_in(monkeypatch, WORD)
    said(capsys, "config", "set", "--secret", "--path", "db.password")
    said(capsys, "config", "set", "--path", "db.port", "5432")
    said(capsys, "config", "set", "aws:region", "eu")
    assert said(capsys, "config") == (
        'KEY         VALUE\naws:region  eu\ndb          {"password":"[secret]","port":5432}\nsize        3\n'
    )
    assert WORD in said(capsys, "config", "--show-secrets")
    assert json.loads(said(capsys, "config", "--json")) == {
        "aws:region": {"value": "eu", "secret": False},
        "demo:db": {"secret": True},
        "demo:size": {"value": "3", "secret": False},
    }
    shown = json.loads(said(capsys, "config", "--json", "--show-secrets"))["demo:db"]
    assert shown["objectValue"] == {"password": WORD, "port": 5432}


def test_get_reads_inside_structures_and_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    said(capsys, "config", "set", "--path", "names[0]", "a")
    assert said(capsys, "config", "get", "--path", "names[0]") == "a\n"
    assert json.loads(said(capsys, "config", "get", "names", "--json")) == {
        "value": '["a"]',
        "objectValue": ["a"],
        "secret": False,
    }
    assert "'names[1]' not found for stack 'dev'" in failed(capsys, "config", "get", "--path", "names[1]")


def test_rm_removes_a_key_or_a_place_inside_it(capsys: pytest.CaptureFixture[str]) -> None:
    said(capsys, "config", "set", "--path", "a.b", "1")
    said(capsys, "config", "set", "--path", "a.c", "2")
    said(capsys, "config", "rm", "--path", "a.b")
    assert said(capsys, "config", "get", "a") == '{"c":2}\n'
    said(capsys, "config", "rm", "a")
    assert "configuration key 'a' not found for stack 'dev'" in failed(capsys, "config", "get", "a")


def test_the_stack_can_be_named_before_or_after_the_verb(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    said(capsys, "stack", "init", "prod", "--no-select")
    said(capsys, "config", "set", "a", "1", "-s", "prod")
    said(capsys, "config", "-s", "prod", "set", "b", "2")
    text = (folder / "Pulumi.prod.yaml").read_text()
    assert "demo:a: '1'" in text
    assert "demo:b: '2'" in text
    assert "demo:a" not in (folder / "Pulumi.dev.yaml").read_text()


def test_a_value_that_begins_with_a_dash_follows_two(capsys: pytest.CaptureFixture[str]) -> None:
    said(capsys, "config", "set", "a", "--", "-1")
    assert said(capsys, "config", "get", "a") == "-1\n"


def test_a_wrong_passphrase_changes_nothing(
    capsys: pytest.CaptureFixture[str], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (folder / "Pulumi.dev.yaml").read_text()
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "y")
    type_in(monkeypatch, WORD)
    assert "incorrect passphrase" in failed(capsys, "config", "set", "a", "--secret")
    assert (folder / "Pulumi.dev.yaml").read_text() == before


def test_a_yaml_error_names_file_and_place(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    (folder / "Pulumi.dev.yaml").write_text("config:\n  a: [\n")
    assert "Pulumi.dev.yaml:3:1: not valid YAML" in failed(capsys, "config")
