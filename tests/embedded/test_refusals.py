"""What a run refuses, and how: policies, packs that fail, what the engine doesn't carry, what is never shown."""

from collections.abc import Callable

import pytest

from tests.embedded.conftest import Workspace

Make = Callable[[str], Workspace]
FORBIDS_FOUR = """
def no_four(args, report):
    if args.resource_type.startswith("random:") and args.props["byteLength"] == 4:
        report("four bytes are not allowed")

PolicyPack("demo-pack", policies=[
    ResourceValidationPolicy("no-four", "No ids of four bytes.", no_four, enforcement_level=EnforcementLevel.MANDATORY),
    StackValidationPolicy("has-id", "A stack has an id.", lambda args, report: None if len(args.resources) > 1
        else report("no id"), enforcement_level=EnforcementLevel.ADVISORY),
])
"""


def test_a_policy_is_asked_at_preview_and_again_before_anything_is_made(workspace: Make) -> None:
    stack = workspace("""random.RandomId("id", byte_length=4)""")
    pack = str(stack.pack(FORBIDS_FOUR))
    for command in (("preview",), ("up", "--yes"), ("up", "--yes", "--skip-preview")):
        result = stack.pulumi(*command, "--policy-pack", pack, ok=False)
        assert result.code == 1
        assert "four bytes are not allowed" in result.out
        assert "demo-pack@v1.2.3" in result.out
    assert "id" not in stack.resources()


def test_a_pack_that_is_content_is_named_and_stack_rules_run(workspace: Make) -> None:
    stack = workspace("""random.RandomId("id", byte_length=2)""")
    pack = str(stack.pack(FORBIDS_FOUR))
    assert "✅ demo-pack@v1.2.3 (local: pack)" in stack.up("--policy-pack", pack).out
    stack.program("")
    result = stack.pulumi("preview", "--policy-pack", pack)
    assert "[advisory]  has-id" in result.out


def test_a_pack_that_crashes_fails_the_run_with_what_it_printed(workspace: Make) -> None:
    stack = workspace("""random.RandomId("id", byte_length=2)""")
    pack = str(stack.pack("raise RuntimeError('pack is broken')"))
    result = stack.pulumi("preview", "--policy-pack", pack, ok=False)
    assert result.code == 1
    assert "pack is broken" in result.out + result.err


def test_an_option_outside_the_engine_is_refused_by_name(workspace: Make) -> None:
    stack = workspace("""pulumi.ComponentResource("other:index:Box", "box", {}, None, True)""")
    result = stack.up(ok=False)
    assert result.code == 1
    assert "the option 'component packages' is not carried" in result.out


def test_a_resource_of_a_package_outside_the_engine_is_refused_by_name(workspace: Make) -> None:
    stack = workspace("""pulumi.CustomResource("aws:s3/bucket:Bucket", "bucket", {})""")
    result = stack.up(ok=False)
    assert result.code == 1
    assert "provider package 'aws' is not carried" in result.out


@pytest.mark.parametrize("arguments", [("up",), ("up", "--yes", "--no-such-flag"), ("preview", "-s", "nowhere")])
def test_a_call_that_cannot_be_carried_out_is_one_line_and_not_zero(
    workspace: Make, arguments: tuple[str, ...]
) -> None:
    stack = workspace("")
    result = stack.pulumi(*arguments, ok=False)
    assert result.code != 0
    assert result.err.startswith("error: ")
    assert len(result.err.strip().splitlines()) == 1


@pytest.mark.parametrize("call", ['random.RandomId.get("id", "AQID")', 'pulumi.StackReference("organization/demo/x")'])
def test_a_call_outside_the_engine_is_refused_in_words(workspace: Make, call: str) -> None:
    result = workspace(call).up(ok=False)
    assert result.code == 1
    assert "is not carried by the embedded engine" in result.out
    assert "Traceback" not in result.out


def test_a_providers_error_message_hides_what_is_secret_in_the_resource(workspace: Make) -> None:
    stack = workspace("""
        command.local.Command("leaky", create=pulumi.Output.secret("echo hunterTWO-0123 >&2; exit 1"),
            stdin=pulumi.Output.secret("4711"))
        command.local.Command("short", create="cat; exit 1", stdin=pulumi.Output.secret("4711"))
    """)
    result = stack.up(ok=False)
    assert result.code == 1
    assert "exit status 1" in result.out
    assert "hunterTWO-0123" not in result.out + result.err
    assert "4711" not in result.out + result.err
