"""The command provider, against recorded calls and with real commands."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path
from typing import Any

import pytest

from embedded.providers.base import ProviderError
from embedded.providers.command import CommandProvider
from embedded.values import UNKNOWN, reveal
from tests.embedded.providers.recorded import calls, same_diff, values

COMMAND = "command:local:Command"


@pytest.fixture
def provider() -> CommandProvider:
    return CommandProvider()


def create(provider: CommandProvider, timeout: float | None = None, **inputs: Any) -> dict[str, Any]:
    assert provider.check(COMMAND, "it", {}, inputs).failures == []
    return provider.create(COMMAND, "it", inputs, preview=False, timeout=timeout)[1]


def failure(provider: CommandProvider, timeout: float | None = None, **inputs: Any) -> str:
    with pytest.raises(ProviderError) as caught:
        create(provider, timeout, **inputs)
    return str(caught.value)


@pytest.mark.parametrize("call", calls("command", "CheckConfig"))
def test_checked_configuration_is_that_of_the_official_plugin(provider, call):
    result = provider.check_config(call["request"]["olds"], call["request"]["news"])
    assert result.failures == []
    assert result.inputs == call["response"]["inputs"]


@pytest.mark.parametrize("call", calls("command", "Check"))
def test_checked_inputs_are_those_of_the_official_plugin(provider, call):
    request = call["request"]
    result = provider.check(COMMAND, call["name"], reveal(values(request["olds"])), reveal(values(request["news"])))
    assert result.failures == []
    assert result.inputs == reveal(values(call["response"]["inputs"]))


@pytest.mark.parametrize("call", calls("command", "Diff"))
def test_differences_are_those_of_the_official_plugin(provider, call):
    old_inputs, old, new = (reveal(values(call["request"][key])) for key in ("oldInputs", "olds", "news"))
    same_diff(provider.diff(COMMAND, call["request"]["id"], old_inputs, old, new), call["response"])


@pytest.mark.parametrize("call", calls("command", "Create"))
def test_a_command_answers_as_the_official_plugin_does(provider, call):
    inputs = reveal(values(call["request"]["properties"]))
    id, outputs = provider.create(COMMAND, call["name"], inputs, preview=False, timeout=None)
    assert outputs == reveal(values(call["response"]["properties"]))
    assert re.fullmatch(re.escape(call["name"]) + "[0-9a-f]{8}", id)
    assert re.fullmatch(re.escape(call["name"]) + "[0-9a-f]{8}", call["response"]["id"])


@pytest.mark.parametrize("call", calls("command", "Create", preview=True))
def test_planned_outputs_of_a_creation_are_those_of_the_official_plugin(provider, call):
    inputs = reveal(values(call["request"]["properties"]))
    _, outputs = provider.create(COMMAND, call["name"], inputs, preview=True, timeout=None)
    assert outputs == values(call["response"]["properties"])


@pytest.mark.parametrize("preview", [False, True])
def test_updates_answer_as_the_official_plugin_does(provider, preview):
    for parameter in calls("command", "Update", preview=preview):
        call = parameter.values[0]
        old_inputs, old, new = (reveal(values(call["request"][key])) for key in ("oldInputs", "olds", "news"))
        outputs = provider.update(COMMAND, "it", old_inputs, old, new, preview=preview, timeout=None)
        assert outputs == reveal(values(call["response"]["properties"]))


@pytest.mark.parametrize("call", calls("command", "Read"))
def test_a_read_answers_what_the_state_says(provider, call):
    inputs, outputs = (reveal(values(call["request"][key])) for key in ("inputs", "properties"))
    found = provider.read(COMMAND, call["request"]["id"], inputs, outputs)
    assert found is not None
    assert (found.inputs, found.outputs) == (inputs, outputs)


def test_a_failing_command_is_reported_as_the_official_plugin_does(provider):
    text = failure(provider, create="echo half >&2; exit 3")
    assert text == 'exit status 3: running "echo half >&2; exit 3":\nhalf'


def test_a_message_keeps_the_order_in_which_a_command_spoke(provider):
    text = failure(provider, create="echo one; sleep 0.2; echo two >&2; sleep 0.2; echo three; exit 1")
    assert text.endswith("\none\ntwo\nthree")


def test_a_preview_runs_nothing(provider, tmp_path):
    provider.create(COMMAND, "it", {"create": f"touch {tmp_path}/ran"}, preview=True, timeout=None)
    provider.update(COMMAND, "it", {}, {}, {"create": f"touch {tmp_path}/ran"}, preview=True, timeout=None)
    assert list(tmp_path.iterdir()) == []


def test_only_one_newline_is_cut_from_the_output(provider):
    outputs = create(provider, create="printf 'a\\n\\n'; printf ' b \\n' >&2")
    assert (outputs["stdout"], outputs["stderr"]) == ("a\n", " b ")


def test_environment_folder_input_and_interpreter_reach_the_command(provider, tmp_path):
    outputs = create(
        provider,
        create="import os, sys; print(os.environ['GREETING'], sys.stdin.read(), os.getcwd())",
        environment={"GREETING": "hello"},
        dir=str(tmp_path),
        stdin="there",
        interpreter=["python3", "-c"],
    )
    assert outputs["stdout"] == f"hello there {tmp_path.resolve()}"


def test_a_command_runs_in_the_folder_of_the_program(provider):
    assert create(provider, create="pwd -P")["stdout"] == str(Path.cwd().resolve())


def test_update_and_delete_see_what_the_last_command_printed(provider, tmp_path):
    print_both = 'printf "%s/%s" "$PULUMI_COMMAND_STDOUT" "$PULUMI_COMMAND_STDERR"'
    inputs = {"create": "true", "update": print_both, "delete": f"{print_both} > {tmp_path}/gone"}
    old = {**inputs, "stdout": "out", "stderr": "err"}
    assert provider.update(COMMAND, "it", inputs, old, inputs, preview=False, timeout=None)["stdout"] == "out/err"
    provider.delete(COMMAND, "it", inputs, old, timeout=None)
    assert (tmp_path / "gone").read_text() == "out/err"


def test_previous_output_stays_out_of_the_environment_where_the_program_says_so(provider):
    inputs = {"create": "echo [$PULUMI_COMMAND_STDOUT]", "addPreviousOutputInEnv": False}
    outputs = provider.update(COMMAND, "it", inputs, {"stdout": "old"}, inputs, preview=False, timeout=None)
    assert outputs["stdout"] == "[]"


def test_without_a_delete_command_nothing_runs(provider):
    provider.delete(COMMAND, "it", {"create": "false"}, {}, timeout=None)


def test_a_failing_delete_is_an_error(provider):
    with pytest.raises(ProviderError, match="exit status 1"):
        provider.delete(COMMAND, "it", {"create": "true", "delete": "false"}, {}, timeout=None)


def test_a_timeout_ends_what_the_command_has_started_too(provider, tmp_path):
    began = time.monotonic()
    text = failure(provider, 0.5, create=f"(sleep 60 & echo $! > {tmp_path}/child; wait)")
    assert "no end after 0.5 s" in text
    assert time.monotonic() - began < 10
    child = int((tmp_path / "child").read_text())
    for _ in range(50):
        if not _runs(child):
            return
        time.sleep(0.05)
    pytest.fail("the child of the command still runs")


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("how", ["environment", "stdin"])
def test_values_that_may_be_secret_never_show_in_a_message(provider, how):
    secret = "hunter2-hunter2"
    given = {"environment": {"TOKEN": secret}} if how == "environment" else {"stdin": f"{secret}\n"}
    text = failure(provider, create=f"cat; echo $TOKEN >&2; echo {secret}; exit 1", **given)
    assert secret not in text
    assert "[masked]" in text


def test_a_folder_or_an_interpreter_that_is_not_there_is_named(provider, tmp_path):
    assert f"{tmp_path}/none" in failure(provider, create="true", dir=f"{tmp_path}/none")
    assert "no-such-shell" in failure(provider, create="true", interpreter=["no-such-shell"])


def test_output_that_is_not_text_does_not_stop_a_run(provider):
    assert create(provider, create="printf '\\377ok'")["stdout"].endswith("ok")


def test_changes_are_named_down_to_the_entry(provider):
    old = {"create": "true", "triggers": [1], "environment": {"A": "1"}}
    new = {"create": "false", "triggers": [2, 3], "environment": {"B": "1"}}
    diff = provider.diff(COMMAND, "it", old, old, new)
    assert {path: kind.name for path, kind in diff.detailed.items()} == {
        "create": "UPDATE",
        "environment.A": "DELETE",
        "environment.B": "ADD",
        "triggers[0]": "UPDATE",
        "triggers[1]": "ADD",
    }
    assert diff.replaces == []


@pytest.mark.parametrize(("old", "new", "kind"), [({}, {"triggers": [1]}, "ADD"), ({"triggers": [1]}, {}, "DELETE")])
def test_triggers_that_come_or_go_replace(provider, old, new, kind):
    diff = provider.diff(COMMAND, "it", old, old, new)
    assert list(diff.replaces) == ["triggers"]
    assert diff.detailed["triggers"].name == f"{kind}_REPLACE"


@pytest.mark.parametrize(
    ("inputs", "property", "words"),
    [
        ({"assetPaths": ["x"]}, "assetPaths", "not carried"),
        ({"archivePaths": ["x"]}, "archivePaths", "not carried"),
        ({"colour": "red"}, "colour", "no property 'colour'"),
        ({"create": 3}, "create", "wrong kind"),
        ({"logging": "loud"}, "logging", "stdoutAndStderr"),
        ({"environment": {"A": ["b"]}}, "environment.A", "text"),
    ],
)
def test_what_cannot_be_carried_out_is_refused_by_name(provider, inputs, property, words):
    found = {item.property: item.reason for item in provider.check(COMMAND, "it", {}, inputs).failures}
    assert words in found[property]


def test_known_properties_and_unknown_values_are_accepted(provider):
    inputs = {"create": UNKNOWN, "logging": "none", "environment": {"A": UNKNOWN}, "triggers": [UNKNOWN, {"a": 1}]}
    assert provider.check(COMMAND, "it", {}, inputs).failures == []


def test_other_types_of_the_package_are_refused_by_name(provider):
    assert "command:remote:Command" in provider.check("command:remote:Command", "it", {}, {}).failures[0].reason


def test_an_import_is_refused_with_a_reason(provider):
    with pytest.raises(ProviderError, match="can't be imported"):
        provider.read(COMMAND, "it", {}, {})


def test_the_environment_of_the_engine_is_passed_on(provider, monkeypatch):
    monkeypatch.setenv("FROM_OUTSIDE", "yes")
    assert create(provider, create="echo $FROM_OUTSIDE")["stdout"] == "yes"
    assert os.environ["FROM_OUTSIDE"] == "yes"
