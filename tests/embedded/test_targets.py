"""Runs about some resources only, and replacements by hand."""

from __future__ import annotations

from collections.abc import Callable

from tests.embedded.conftest import Workspace

Make = Callable[[str], Workspace]
PROGRAM = """
n = config.require_int("n")
first = random.RandomId("first", byte_length=n)
second = random.RandomId("second", byte_length=n, keepers={"first": first.hex})
third = random.RandomId("third", byte_length=n)
"""


def _urn(stack: Workspace, name: str) -> str:
    return str(stack.resources()[name]["urn"])


def _ids(stack: Workspace) -> dict[str, str]:
    return {name: item.get("id", "") for name, item in stack.resources().items() if item["type"].startswith("random")}


def _stack(workspace: Make) -> tuple[Workspace, dict[str, str]]:
    stack = workspace(PROGRAM)
    stack.set("n", "2")
    stack.up()
    return stack, _ids(stack)


def test_only_the_target_changes(workspace: Make) -> None:
    stack, before = _stack(workspace)
    stack.set("n", "3")
    assert "+-1 replaced" in stack.up("--target", _urn(stack, "third")).out
    after = _ids(stack)
    assert after["third"] != before["third"]
    assert {name: after[name] for name in ("first", "second")} == {name: before[name] for name in ("first", "second")}


def test_dependents_of_the_target_follow_where_asked_for(workspace: Make) -> None:
    stack, before = _stack(workspace)
    stack.set("n", "3")
    stack.up("--target", _urn(stack, "first"), "--target-dependents")
    after = _ids(stack)
    assert after["first"] != before["first"]
    assert after["second"] != before["second"]
    assert after["third"] == before["third"]


def test_a_wildcard_names_many(workspace: Make) -> None:
    stack, _ = _stack(workspace)
    out = stack.pulumi("preview", "--target", "**first**").out
    assert "unchanged" in out


def test_what_is_not_targeted_is_neither_made_nor_deleted(workspace: Make) -> None:
    stack, before = _stack(workspace)
    stack.program(PROGRAM.replace('"third"', '"fourth"'))
    stack.up("--target", _urn(stack, "first"))
    assert set(_ids(stack)) == {"first", "second", "third"}
    assert _ids(stack) == before
    stack.pulumi("preview", "--diff")  # the state is whole: it can be read again


def test_a_target_that_needs_what_is_left_out_is_refused(workspace: Make) -> None:
    stack = workspace(PROGRAM)
    stack.set("n", "2")
    result = stack.up("--target", "**::second", ok=False)
    assert result.code == 1
    assert "which was not specified in --target list" in result.out
    assert "second" not in stack.resources()


def test_a_target_that_is_nowhere_is_an_error(workspace: Make) -> None:
    stack, _ = _stack(workspace)
    result = stack.up("--target", _urn(stack, "first") + "x", ok=False)
    assert result.code == 1
    assert "could not be found in the stack" in result.out


def test_a_resource_is_replaced_on_demand(workspace: Make) -> None:
    stack, before = _stack(workspace)
    out = stack.up("--replace", _urn(stack, "third")).out
    assert "+-1 replaced" in out
    after = _ids(stack)
    assert after["third"] != before["third"]
    assert after["first"] == before["first"]
    assert stack.steps() == {}


def test_replacing_a_target_touches_nothing_else(workspace: Make) -> None:
    stack, before = _stack(workspace)
    stack.set("n", "3")
    stack.up("--target-replace", _urn(stack, "third"))
    assert _ids(stack)["first"] == before["first"]
    assert _ids(stack)["third"] != before["third"]


def test_destroying_a_target_asks_for_what_depends_on_it(workspace: Make) -> None:
    stack, _ = _stack(workspace)
    first = _urn(stack, "first")
    refused = stack.pulumi("destroy", "--yes", "--skip-preview", "--target", first, ok=False)
    assert refused.code == 1
    assert "will be destroyed but was not specified in --target list" in refused.out
    assert set(_ids(stack)) == {"first", "second", "third"}
    stack.pulumi("destroy", "--yes", "--skip-preview", "--target", first, "--target-dependents")
    assert set(_ids(stack)) == {"third"}, "providers and the stack stay, as does what was not named"
    assert "+ 2 created" in stack.up().out


def test_a_resource_imported_by_the_program_is_taken_over_once(workspace: Make) -> None:
    stack = workspace("""taken = random.RandomId("taken", byte_length=4, opts=Opts(import_="AQIDBA"))""")
    out = stack.up().out
    assert "= 1 imported" in out
    taken = stack.resources()["taken"]
    assert (taken["id"], taken["importID"], taken["outputs"]["hex"]) == ("AQIDBA", "AQIDBA", "01020304")
    assert stack.steps() == {}
    stack.program("""taken = random.RandomId("taken", byte_length=4)""")
    assert stack.steps() == {}, "the option may go once it has done its work"
    stack.program("""taken = random.RandomId("taken", byte_length=4, opts=Opts(import_="BAMCAQ"))""")
    refused = stack.up(ok=False)
    assert "the stack has it already as 'AQIDBA'" in refused.out


def test_a_program_reads_the_outputs_that_its_stack_was_left_with(workspace: Make) -> None:
    stack = workspace("""
        name = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
        found = pulumi.runtime.invoke("pulumi:pulumi:readStackOutputs", {"name": name}).value
        before = found["outputs"].get("count", 0)
        pulumi.export("count", int(before) + 1)
        pulumi.export("hidden", pulumi.Output.secret("plain text of a secret"))
    """)
    for count in ("1", "2", "3"):
        stack.up()
        assert stack.pulumi("stack", "output", "count").out.strip() == count
    assert "plain text of a secret" not in stack.files()


def test_a_failed_run_keeps_the_outputs_that_its_program_has_not_got_to(workspace: Make) -> None:
    stack = workspace("""pulumi.export("kept", 1)\npulumi.export("changed", 1)""")
    stack.up()
    stack.program("""pulumi.export("changed", 2)\nraise ValueError("too early")""")
    assert stack.up(ok=False).code == 1
    assert '"kept":1' in stack.pulumi("stack", "output", "--json").out.replace(" ", "").replace("\n", "")
    stack.program("""pulumi.export("changed", 3)""")
    stack.up()
    assert stack.pulumi("stack", "output", "--json").out.replace(" ", "").strip() == '{\n"changed":3\n}'


def test_the_outputs_of_a_stack_that_is_not_there_are_one_error(workspace: Make) -> None:
    stack = workspace("""pulumi.runtime.invoke("pulumi:pulumi:readStackOutputs", {"name": "organization/demo/no"})""")
    result = stack.up(ok=False)
    assert result.code == 1
    assert "no stack named 'organization/demo/no' found" in result.out
