"""`stack rm | unselect`, `state delete | unprotect` as a person calls them."""

from __future__ import annotations

from pathlib import Path

import pytest

from embedded.cli import main
from tests.embedded.command_line import URN, Run, chain, entry, exported, make_project


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    make_project(tmp_path, monkeypatch)
    return tmp_path


@pytest.fixture
def run(folder: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    capsys.readouterr()
    return Run(folder, capsys)


def test_a_locked_stack_is_not_imported_into_nor_removed_nor_edited(run: Run) -> None:
    run.take(chain())
    with run.backend.lock("dev"):
        assert "currently locked" in run.refuse(chain())
        assert "currently locked" in run.failed("stack", "rm", "--yes", "--force")
        assert "currently locked" in run.failed("state", "delete", f"{URN}t::c", "--yes")
        assert "currently locked" in run.failed("state", "unprotect", "--all", "--yes")


def test_a_stack_that_has_something_is_removed_by_force_only(run: Run, folder: Path) -> None:
    run.take(chain())
    state = run.checkpoint.read_bytes()
    error = run.failed("stack", "rm", "--yes")
    assert "'dev' still has resources; removal rejected. Possible actions:" in error
    assert "- Run `pulumi stack rm --force` to override this error" in error
    assert run.ok("stack", "rm", "dev", "--force", "--yes")[0] == "Stack 'dev' has been removed!\n"
    assert not run.checkpoint.exists()
    assert run.checkpoint.with_name("dev.json.bak").read_bytes() == state
    assert not (folder / "Pulumi.dev.yaml").exists()
    assert run.ok("stack", "ls", "--json")[0].strip() == "[]"
    assert main(["stack", "output"]) == 1


def test_a_stack_that_has_only_itself_is_removed_and_may_keep_its_file(run: Run, folder: Path) -> None:
    run.take(exported({"urn": f"{URN}pulumi:pulumi:Stack::demo-dev", "custom": False, "type": "pulumi:pulumi:Stack"}))
    run.ok("stack", "rm", "--stack", "dev", "--yes", "--preserve-config")
    assert (folder / "Pulumi.dev.yaml").exists()
    run.ok("stack", "init", "dev")
    assert run.names() == []


def test_nobody_to_ask_means_no(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_NON_INTERACTIVE", "1")
    run.take(chain())
    assert "non-interactive mode requires --yes flag" in run.failed("stack", "rm", "--force")
    assert "non-interactive mode requires --yes flag" in run.failed("state", "delete", f"{URN}t::c")


def test_unselect_forgets_the_choice_once(run: Run, folder: Path) -> None:
    assert run.ok("stack", "unselect") == ("", "Stack was unselected\n")
    assert run.ok("stack", "unselect") == ("", "")
    assert "no stack selected" in run.failed("stack", "export")
    assert list((folder / "home/workspaces").iterdir()) == [], "the CLI leaves no empty file either"


def test_unselect_leaves_the_choice_in_other_backends(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "two").mkdir()
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{folder}/two")
    run.ok("stack", "init", "prod")
    run.ok("stack", "unselect")
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{folder}/state")
    assert run.exported()


def test_delete_takes_one_resource_out_of_the_state(run: Run) -> None:
    run.take(chain())
    assert run.ok("state", "delete", f"{URN}t::c", "--yes")[0] == "Resource deleted\n"
    assert run.names() == ["a", "p", "b", "d"]
    assert run.ok("state", "rm", f"{URN}pulumi:providers:t::p", "--yes")[0] == "Resource deleted\n"


def test_delete_refuses_what_others_need(run: Run) -> None:
    run.take(chain())
    error = run.failed("state", "delete", f"{URN}t::a", "--yes")
    assert f"{URN}t::a can't be safely deleted because the following resources depend on it:" in error
    assert f' * "b"             ({URN}t::b)\n * "d"             ({URN}t::d)\n' in error
    assert "Delete those resources first or pass --target-dependents." in error
    assert '"c"' in run.failed("state", "delete", f"{URN}pulumi:providers:t::p", "--yes")


def test_delete_with_dependents_minds_the_protection_of_each(run: Run) -> None:
    run.take(chain())
    error = run.failed("state", "delete", f"{URN}t::a", "--target-dependents", "--yes")
    assert f"{URN}t::d can't be safely deleted because it is protected. Re-run this command with --force" in error
    out, err = run.ok("state", "delete", f"{URN}t::a", "--target-dependents", "--force", "--yes")
    assert out == "Resource deleted\n"
    assert f"warning: deleting protected resource {URN}t::d due to presence of --force" in err
    assert run.names() == ["p", "c"]


def test_several_that_need_each_other_are_deleted_together(run: Run) -> None:
    run.take(chain())
    urns = [f"{URN}t::{name}" for name in "abd"]
    assert run.ok("state", "delete", *urns, "--force", "--yes")[0] == "3 resources deleted\n"
    assert run.names() == ["p", "c"]


def test_delete_refuses_an_unknown_and_an_ambiguous_urn(run: Run) -> None:
    run.take(exported(entry("a"), entry("a", delete=True) | {"id": "old"}))
    assert f"No such resource '{URN}t::z' exists in the current state" in run.failed(
        "state", "delete", f"{URN}t::z", "--yes"
    )
    error = run.failed("state", "delete", f"{URN}t::a", "--yes")
    assert "names 2 resources, one of them replaced" in error
    assert "  old (waits for its deletion)" in error


def test_what_depends_on_the_replaced_one_only_goes_with_it_and_not_with_its_replacement(run: Run) -> None:
    needs_a, needs_b = {"dependencies": [f"{URN}t::a"]}, {"dependencies": [f"{URN}t::b"]}
    run.take(exported(entry("a"), entry("b"), entry("c", **needs_b), entry("b", delete=True, **needs_a) | {"id": "0"}))
    run.ok("state", "delete", f"{URN}t::a", "--target-dependents", "--yes")
    assert run.names() == ["b", "c"], "c needs the b that stays"


def test_unprotect_takes_protection_away(run: Run) -> None:
    run.take(chain())
    assert "No such resource" in run.failed("state", "unprotect", f"{URN}t::z", "--yes")
    assert "name one URN, or give --all" in run.failed("state", "unprotect", "--yes")
    assert run.ok("state", "unprotect", f"{URN}t::d", "--yes")[0] == "Resource unprotected\n"
    assert not any(item.get("protect") for item in run.exported()["resources"])
