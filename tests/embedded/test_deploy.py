"""Whole runs of real programs: what is built, what is written, what a person sees."""

import json
import re
from collections.abc import Callable

from tests.embedded.conftest import Workspace

Make = Callable[[str], Workspace]

CHAIN = """
class Box(pulumi.ComponentResource):
    def __init__(self, name, opts=None):
        super().__init__("demo:index:Box", name, {}, opts)
        self.inner = random.RandomId(f"{name}-inner", byte_length=2, opts=Opts(parent=self))
        self.register_outputs({"hex": self.inner.hex})

box = Box("box")
password = random.RandomPassword("password", length=config.get_int("length") or 20)
after = random.RandomId("after", byte_length=2, keepers={"hash": password.bcrypt_hash})
echo = command.local.Command("echo", create="echo $N", environment={"N": config.get("n") or "1"}, triggers=[after.hex])
pulumi.export("hex", box.inner.hex)
pulumi.export("password", password.result)
pulumi.export("echo", echo.stdout)
"""


def test_a_stack_is_built_and_a_second_run_finds_nothing_to_do(workspace: Make) -> None:
    stack = workspace(CHAIN)
    first = stack.up()
    assert "+ 6 created" in first.out
    before = stack.resources()
    assert "6 unchanged" in stack.up().out
    assert stack.resources() == before
    assert stack.pulumi("preview", "--expect-no-changes").code == 0


def test_every_resource_stands_behind_what_it_needs(workspace: Make) -> None:
    stack = workspace(CHAIN)
    stack.up()
    seen: set[str] = set()
    for item in stack.state()["resources"]:
        needs = {*item.get("dependencies", []), item.get("parent", ""), item.get("provider", "").rpartition("::")[0]}
        assert needs - {""} <= seen
        seen.add(item["urn"])


def test_urns_carry_the_types_of_parents_but_not_the_stack(workspace: Make) -> None:
    stack = workspace(CHAIN)
    stack.up()
    resources = stack.resources()
    assert resources["box-inner"]["urn"] == (
        "urn:pulumi:test::demo::demo:index:Box$random:index/randomId:RandomId::box-inner"
    )
    assert resources["demo-test"]["urn"] == "urn:pulumi:test::demo::pulumi:pulumi:Stack::demo-test"
    assert resources["echo"]["provider"].startswith("urn:pulumi:test::demo::pulumi:providers:command::default_1_2_1::")


def test_secrets_are_written_and_shown_only_encrypted(workspace: Make) -> None:
    stack = workspace(CHAIN)
    run = stack.up()
    password = json.loads(stack.pulumi("stack", "output", "--json", "--show-secrets").out)["password"]
    assert len(password) == 20
    for text in (
        run.out,
        run.err,
        stack.files(),
        stack.pulumi("preview", "--diff").out,
        stack.pulumi("preview", "--json").out,
    ):
        assert password not in text
    assert re.search(r"password: \[secret\]", run.out)


def test_expecting_no_changes_fails_with_the_clis_exit_code(workspace: Make) -> None:
    stack = workspace(CHAIN)
    stack.up()
    stack.set("n", "2")
    result = stack.pulumi("preview", "--expect-no-changes", ok=False)
    assert result.code == 7
    assert "no changes were expected but changes occurred" in result.err


def test_a_preview_builds_nothing_and_passes_unknowns_on(workspace: Make) -> None:
    stack = workspace(CHAIN)
    assert stack.steps() == dict.fromkeys(("demo-test", "box", "box-inner", "password", "after", "echo"), "create")
    assert "resources" not in stack.state()


def test_a_replacement_is_made_before_the_old_one_goes_and_dependents_follow_by_value(workspace: Make) -> None:
    stack = workspace(CHAIN)
    stack.up()
    old = stack.resources()
    stack.set("length", "21")
    assert stack.steps() == {"password": "replace", "after": "replace", "echo": "replace"}
    out = stack.up().out
    assert out.index("password created replacement") < out.index("password deleted original")
    assert "+-3 replaced" in out
    new = stack.resources()
    assert new["after"]["id"] != old["after"]["id"]
    assert new["box-inner"] == old["box-inner"]
    assert not any(item.get("delete") for item in new.values())


def test_delete_before_replace_takes_the_dependents_that_must_be_replaced_first(workspace: Make) -> None:
    stack = workspace(
        """
        length = config.get_int("length") or 8
        first = random.RandomPassword("first", length=length, opts=Opts(delete_before_replace=True))
        second = random.RandomId("second", byte_length=2, keepers={"first": first.result})
        third = random.RandomId("third", byte_length=2, opts=Opts(depends_on=[first]))
        """
    )
    stack.up()
    old = stack.resources()
    stack.set("length", "9")
    assert stack.steps() == {"first": "replace", "second": "replace"}
    out = stack.up().out
    order = ["second deleted original", "first deleted original", "first created replacement", "second created"]
    assert [out.index(line) for line in order] == sorted(out.index(line) for line in order)
    assert stack.resources()["third"]["id"] == old["third"]["id"]


def test_what_is_no_longer_declared_is_deleted_dependents_first(workspace: Make) -> None:
    stack = workspace(CHAIN)
    stack.up()
    stack.program("pulumi.export('a', 1)")
    out = stack.up().out
    assert out.index("echo deleted") < out.index("after deleted") < out.index("password deleted")
    assert "- 5 deleted" in out
    assert set(stack.resources()) == {"demo-test", "default_4_21_4", "default_1_2_1"} or set(stack.resources()) == {
        "demo-test"
    }


def test_ignored_changes_stay_as_they_were(workspace: Make) -> None:
    program = """random.RandomId("id", byte_length={}, opts=Opts(ignore_changes=["byteLength"]))"""
    stack = workspace(program.format(2))
    stack.up()
    stack.program(program.format(4))
    assert stack.pulumi("preview", "--expect-no-changes").code == 0
    assert stack.resources()["id"]["inputs"]["byteLength"] == 2


def test_a_protected_resource_is_not_deleted_and_the_rest_goes(workspace: Make) -> None:
    stack = workspace("""
        random.RandomId("guarded", byte_length=2, opts=Opts(protect=True))
        random.RandomId("open", byte_length=2)
    """)
    stack.up()
    result = stack.pulumi("destroy", "--yes", "--skip-preview", ok=False)
    assert result.code == 1
    assert "because it is protected" in result.out
    assert {"guarded"} <= set(stack.resources())
    assert "open" not in stack.resources()


def test_destroy_can_leave_protected_resources_and_what_they_need(workspace: Make) -> None:
    stack = workspace("""
        base = random.RandomId("base", byte_length=2)
        random.RandomId("guarded", byte_length=2, keepers={"a": base.hex}, opts=Opts(protect=True))
        random.RandomId("open", byte_length=2)
    """)
    stack.up()
    before = stack.resources()
    stack.pulumi("destroy", "--yes", "--exclude-protected")
    after = stack.resources()
    assert set(after) == {"demo-test", "default_4_21_4", "base", "guarded"}
    stack.up()
    assert stack.resources()["guarded"]["id"] == before["guarded"]["id"]


def test_a_protected_resource_is_not_replaced(workspace: Make) -> None:
    program = """random.RandomId("guarded", byte_length={}, opts=Opts(protect=True))"""
    stack = workspace(program.format(2))
    stack.up()
    stack.program(program.format(4))
    result = stack.up(ok=False)
    assert result.code == 1
    assert "cannot be replaced" in result.out
    assert stack.resources()["guarded"]["inputs"]["byteLength"] == 2


def test_retained_and_deleted_with_resources_are_forgotten_without_a_call(workspace: Make) -> None:
    stack = workspace("""
        home = random.RandomId("home", byte_length=2)
        command.local.Command("guest", create="true", delete="exit 1", opts=Opts(deleted_with=home))
        command.local.Command("kept", create="true", delete="exit 1", opts=Opts(retain_on_delete=True))
    """)
    stack.up()
    stack.pulumi("destroy", "--yes")
    assert stack.resources() == {}


def test_a_failed_create_stops_the_run_keeps_what_was_made_and_says_why(workspace: Make) -> None:
    stack = workspace("""
        broken = command.local.Command("broken", create="echo half >&2; exit 3")
        random.RandomId("after", byte_length=2, opts=Opts(depends_on=[broken]))
    """)
    result = stack.up(ok=False)
    assert result.code == 1
    assert "exit status 3" in result.out
    assert "half" in result.out
    assert "error: update failed" in result.err
    assert "Traceback" not in result.out + result.err
    assert {"broken", "after"}.isdisjoint(stack.resources())
    assert "pending_operations" not in stack.state()


def test_a_program_that_raises_is_shown_with_its_own_traceback_and_nothing_is_deleted(workspace: Make) -> None:
    stack = workspace(CHAIN)
    stack.up()
    stack.program("raise ValueError('no such thing')")
    result = stack.up(ok=False)
    assert result.code == 1
    assert "ValueError: no such thing" in result.out
    assert "launch.py" not in result.out
    assert "password" in stack.resources()


def test_two_resources_of_one_name_are_refused(workspace: Make) -> None:
    stack = workspace("""
        random.RandomId("twice", byte_length=2)
        random.RandomId("twice", byte_length=2)
    """)
    result = stack.up(ok=False)
    assert result.code == 1
    assert "Duplicate resource URN" in result.out


def test_a_renamed_component_takes_its_children_with_it(workspace: Make) -> None:
    program = """
        class Box(pulumi.ComponentResource):
            def __init__(self, name, opts=None):
                super().__init__("demo:index:{type}", name, {{}}, opts)
                self.inner = random.RandomId(f"{{name}}-inner", byte_length=2, opts=Opts(parent=self))
                self.register_outputs({{}})
        Box("{name}", opts=Opts(aliases=[{alias}]))
    """
    stack = workspace(program.format(type="Box", name="box", alias=""))
    stack.up()
    old = stack.resources()
    stack.program(program.format(type="Crate", name="crate", alias='pulumi.Alias(name="box", type_="demo:index:Box")'))
    assert stack.steps() == {}
    stack.up()
    assert stack.resources()["crate-inner"]["id"] == old["box-inner"]["id"]
    assert "box-inner" not in stack.resources()


def test_a_program_that_ends_too_early_deletes_nothing(workspace: Make) -> None:
    stack = workspace(CHAIN)
    stack.up()
    stack.program("import os\nos._exit(0)")
    result = stack.up(ok=False)
    assert result.code == 1
    assert "ended before it had declared everything" in result.out
    assert "password" in stack.resources()
