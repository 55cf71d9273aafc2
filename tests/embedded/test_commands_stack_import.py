"""`stack import` as a person calls it."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from embedded.secrets import PassphraseSecrets
from tests.embedded.command_line import URN, Run, chain, entry, exported, make_project

FIXTURES = Path(__file__).parents[1] / "fixtures"
RECORDED = sorted(FIXTURES.glob("state_*.json"))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    make_project(tmp_path, monkeypatch)
    return tmp_path


@pytest.fixture
def run(folder: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    capsys.readouterr()
    return Run(folder, capsys)


def as_dev(path: Path) -> Any:
    """A recorded state with the names of this project and stack."""
    document = json.loads(path.read_text())
    first = document["deployment"]["resources"][0]["urn"]
    stack, project = first.removeprefix("urn:pulumi:").split("::")[:2]
    text = path.read_text().replace(f"urn:pulumi:{stack}::{project}::", URN)
    return json.loads(text)


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_a_recorded_state_is_imported_under_the_stacks_own_secrets(run: Run, path: Path) -> None:
    document = as_dev(path)
    before = run.checkpoint.read_bytes()
    out, err = run.take(document)
    assert out == "Import complete.\n"
    assert run.checkpoint.with_name("dev.json.bak").read_bytes() == before
    found = run.exported()
    assert found["secrets_providers"]["state"]["salt"] == run.backend.salt("dev") != ""
    assert [item["urn"] for item in found["resources"]] == [item["urn"] for item in document["deployment"]["resources"]]
    pending = document["deployment"].get("pending_operations") or []
    assert err.count("warning: removing pending operation 'creating' on ") == len(pending)
    assert "pending_operations" not in found, "the CLI drops them, too"


def test_what_is_exported_in_plain_is_encrypted_when_it_is_imported(run: Run, folder: Path) -> None:
    run.take(as_dev(FIXTURES / "state_secrets.json"))
    plain = run.ok("stack", "export", "--show-secrets")[0]
    assert '"1234\\"' in plain
    run.ok("stack", "init", "two")
    run.take(json.loads(plain.replace("urn:pulumi:dev::", "urn:pulumi:two::")))
    written = (folder / "state/.pulumi/stacks/demo/two.json").read_text()
    assert "plaintext" not in written
    assert run.ok("stack", "output", "pin", "--show-secrets")[0] == "1234\n"


def test_standard_input_is_read_by_default(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(chain())))
    assert run.ok("stack", "import") == ("Import complete.\n", "")
    assert run.names() == ["a", "p", "b", "c", "d"]


def test_the_export_of_an_empty_stack_empties_one(run: Run) -> None:
    run.take(chain())
    run.take({"version": 3, "deployment": None})
    assert run.names() == []


@pytest.mark.parametrize(
    ("urn", "message"),
    [
        ("urn:pulumi:prod::demo::t::a", "is from a different stack (prod != dev)"),
        ("urn:pulumi:dev::shop::t::a", "is from a different project (shop != demo)"),
        ("a", "is from a different stack (a != dev)"),
    ],
)
def test_a_state_of_another_stack_or_project_needs_force(run: Run, urn: str, message: str) -> None:
    document = exported(entry("a") | {"urn": urn})
    error = run.refuse(document)
    assert f"resource '{urn}' {message}" in error
    assert "importing this file could be dangerous; rerun with --force to proceed anyway" in error
    out, err = run.take(document, "--force")
    assert message in err
    assert out == "Import complete.\n"


def test_a_state_that_contradicts_itself_needs_force(run: Run) -> None:
    document = exported(entry("b", dependencies=[f"{URN}t::a"]))
    assert "state file contains errors: " in run.refuse(document)
    assert "warning: state file contains errors: " in run.take(document, "--force")[1]


@pytest.mark.parametrize("version", [1, 2, 4])
def test_another_version_is_refused(run: Run, version: int) -> None:
    assert f"deployment version {version}" in run.refuse({**chain(), "version": version})


@pytest.mark.parametrize("document", [[], "x", {}, {"version": 3}, {"version": 3, "deployment": [1]}])
def test_what_is_no_export_is_refused(run: Run, document: Any) -> None:
    assert "in.json: not what `pulumi stack export` prints" in run.refuse(document)


def test_a_truncated_or_missing_file_is_refused(run: Run, folder: Path) -> None:
    (folder / "in.json").write_text('{"version": 3, "depl')
    assert "not what `pulumi stack export` prints (line 1, column 16)" in run.failed(
        "stack", "import", "--file=in.json"
    )
    assert "could not open file: none.json: No such file" in run.failed("stack", "import", "--file", "none.json")


def test_a_resource_without_what_it_must_have_is_refused(run: Run) -> None:
    assert "in.json: could not deserialize deployment: KeyError 'urn'" in run.refuse(exported({"type": "t"}))


def test_secrets_under_another_passphrase_are_refused_in_one_message(run: Run) -> None:
    state = {"salt": PassphraseSecrets.create("y").salt}
    document = exported(entry("a"), secrets_providers={"type": "passphrase", "state": state})
    error = run.refuse(document)
    assert "its secrets are encrypted under another passphrase than this stack's; export it again with" in error
    assert len(error.splitlines()) == 1


def test_a_secret_of_another_stack_is_refused_in_one_message(run: Run) -> None:
    signature = "4dabf18193072939515e22adb298388d"
    foreign = PassphraseSecrets.create("x").encrypt('"1"')
    value = {signature: "1b47061264138c4ac30d75fd1eb44270", "ciphertext": foreign}
    salt = run.backend.salt("dev")
    document = exported(
        entry("a", outputs={"v": value}), secrets_providers={"type": "passphrase", "state": {"salt": salt}}
    )
    assert "in.json: a secret can't be decrypted: it is damaged, or was encrypted for another stack" in run.refuse(
        document
    )
