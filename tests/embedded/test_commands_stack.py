"""`stack …` and `version` as a person calls them."""

from __future__ import annotations

import json
import shutil
import stat
from pathlib import Path

import pytest
import typer

from embedded.cli import main
from embedded.commands import cancel
from embedded.secrets import PassphraseSecrets

RECORDED = json.loads((Path(__file__).parents[1] / "fixtures" / "state_secrets.json").read_text())
SALT = RECORDED["deployment"]["secrets_providers"]["state"]["salt"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project `demo` whose state and home are in the test's own folder."""
    (tmp_path / "Pulumi.yaml").write_text("name: demo\nruntime: python\n")
    (tmp_path / "state").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{tmp_path}/state")
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "x")
    monkeypatch.delenv("PULUMI_STACK", raising=False)
    return tmp_path


def recorded_stack(folder: Path) -> None:
    """A stack `ref` with a recorded state, written as the CLI writes it."""
    path = folder / "state/.pulumi/stacks/demo/ref.json"
    path.parent.mkdir(parents=True)
    (folder / "state/.pulumi/meta.yaml").write_text("version: 1\n")
    document = {
        "version": 3,
        "checkpoint": {"stack": "organization/demo/ref", "latest": RECORDED["deployment"]},
    }
    path.write_text(json.dumps(document))


def said(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().out


def failed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(arguments) == 1
    captured = capsys.readouterr()
    assert captured.err.startswith("error: ")
    return captured.err


def test_init_makes_selects_and_salts_a_stack(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stack", "init", "dev"]) == 0
    assert said(capsys) == "Created stack 'dev'\n"
    salt = (folder / "Pulumi.dev.yaml").read_text().removeprefix("encryptionsalt: ").strip()
    PassphraseSecrets.open("x", salt)
    assert main(["stack", "init", "prod", "--no-select", "--secrets-provider", "passphrase"]) == 0
    capsys.readouterr()
    assert main(["stack", "ls", "--json"]) == 0
    found = [(item["name"], item["current"], item["resourceCount"]) for item in json.loads(said(capsys))]
    assert found == [("dev", True, 0), ("prod", False, 0)]


def test_init_refuses_a_second_of_a_name_a_wrong_passphrase_and_other_providers(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["stack", "init", "dev"]) == 0
    assert "stack 'organization/demo/dev' already exists" in failed(capsys, "stack", "init", "dev")
    assert "passphrase only" in failed(capsys, "stack", "init", "kms", "--secrets-provider", "awskms://k")
    assert "missing stack name" in failed(capsys, "stack", "init")
    shutil.copy("Pulumi.dev.yaml", "Pulumi.two.yaml")
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "y")
    assert "incorrect passphrase" in failed(capsys, "stack", "init", "two")
    assert not (folder / "state/.pulumi/stacks/demo/two.json").exists()


def test_select_chooses_makes_or_refuses(capsys: pytest.CaptureFixture[str]) -> None:
    assert "no stack named 'dev' found" in failed(capsys, "stack", "select", "dev")
    assert main(["stack", "select", "--create", "dev"]) == 0
    assert main(["stack", "init", "prod"]) == 0
    assert main(["stack", "select", "organization/demo/dev"]) == 0
    capsys.readouterr()
    assert main(["stack", "ls"]) == 0
    heading, first, second = said(capsys).splitlines()
    assert [word.strip() for word in heading.split("  ") if word] == ["NAME", "LAST UPDATE", "RESOURCE COUNT"]
    assert (first.split()[0], second.split()[0]) == ("dev*", "prod")


def test_ls_shows_time_and_resources_as_the_cli_does(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recorded_stack(folder)
    assert main(["stack", "ls", "--json"]) == 0
    count = len(RECORDED["deployment"]["resources"])
    expected = {
        "name": "ref",
        "current": False,
        "lastUpdate": "2026-11-21T04:36:53.347Z",
        "resourceCount": count,
    }
    assert json.loads(said(capsys)) == [expected]


def test_output_hides_secrets_until_asked(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recorded_stack(folder)
    assert main(["stack", "output", "--json", "-s", "ref"]) == 0
    hidden = json.loads(said(capsys))
    assert (hidden["pin"], hidden["web"]) == ("[secret]", "ref-web")
    assert list(hidden) == sorted(hidden)
    assert main(["stack", "output", "pin", "--show-secrets", "-s", "ref"]) == 0
    assert said(capsys) == "1234\n"


def test_output_without_secrets_needs_no_passphrase(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded_stack(folder)
    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE")
    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE_FILE", raising=False)
    assert main(["stack", "output", "--stack", "ref"]) == 0
    first, heading, *_ = said(capsys).splitlines()
    assert (first, heading.split()) == ("Current stack outputs (6):", ["OUTPUT", "VALUE"])
    assert "passphrase must be set" in failed(capsys, "stack", "output", "--show-secrets", "--stack", "ref")


def test_output_of_an_empty_stack_and_of_an_unknown_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stack", "init", "dev"]) == 0
    capsys.readouterr()
    assert main(["stack", "output"]) == 0
    assert said(capsys) == "Current stack outputs (0):\n    No output values currently in this stack\n"
    assert "current stack does not have output property 'x'" in failed(capsys, "stack", "output", "x")


def test_export_is_the_recorded_state(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recorded_stack(folder)
    assert main(["stack", "export", "-s", "ref"]) == 0
    assert json.loads(said(capsys)) == RECORDED


def test_export_with_secrets_goes_to_a_file_that_only_its_owner_reads(folder: Path) -> None:
    recorded_stack(folder)
    assert main(["stack", "export", "-s", "ref", "--show-secrets", "--file", "out.json"]) == 0
    text = (folder / "out.json").read_text()
    assert '"plaintext": "\\"1234\\""' in text
    assert "ciphertext" not in text
    assert stat.S_IMODE((folder / "out.json").stat().st_mode) == 0o600


def test_without_a_stack_and_with_an_unknown_one_the_way_out_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert "no stack selected; please use `pulumi stack select`" in failed(capsys, "stack", "output")
    assert "no stack named 'nope' found" in failed(capsys, "stack", "export", "-s", "nope")


def test_a_damaged_state_is_one_message(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recorded_stack(folder)
    (folder / "state/.pulumi/stacks/demo/ref.json").write_text('{"version": 3, "check')
    message = failed(capsys, "stack", "output", "-s", "ref")
    assert "ref.json: damaged state file" in message
    assert len(message.splitlines()) == 1


def test_cancel_unlocks_what_a_killed_run_left(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stack", "init", "dev"]) == 0
    app = typer.Typer()
    cancel.register(app)
    lock = folder / "state/.pulumi/locks/organization/demo/dev/a.json"
    lock.write_text('{"pid":1,"username":"root","hostname":"vm","timestamp":"2026-11-21T04:40:59Z"}')
    capsys.readouterr()
    app(["--yes"], standalone_mode=False)
    assert said(capsys) == "The currently running update for 'dev' has been canceled!\n"
    assert not lock.exists()


def test_version_is_the_release_of_the_sdk(capsys: pytest.CaptureFixture[str]) -> None:
    from importlib.metadata import version

    assert main(["version"]) == 0
    assert said(capsys) == f"v{version('pulumi')}\n"
