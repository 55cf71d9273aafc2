"""Commands that pass, and every way that is known to write one that doesn't."""

from __future__ import annotations

import time
from typing import Any

import pytest
from pulumi_policy.proxy import UNKNOWN_ARRAY_VALUE, UNKNOWN_OBJECT_VALUE, UNKNOWN_STRING_VALUE, UnknownValueError

from policies.openings import CANNOT_BE_READ, STARTS
from policies.rule import Level, Severity
from policies.rules.command.command.refuse_opening_command import LOCAL, REMOTE, RULE
from tests.policies.command_samples import CASES, HARMLESS, MANY_LINES
from tests.policies.judging import changed, findings_so_far, found, subject

COMPLIANT: dict[str, Any] = {
    "create": ".venv/bin/python -m operate.redis_users set",
    "update": ".venv/bin/python -m operate.redis_users set",
    "delete": ".venv/bin/python -m operate.redis_users delete",
    "environment": {"REDIS_HOST": "172.28.10.11", "REDIS_ADMIN_PASSWORD": "hunter2"},
}


def test_the_rule_is_mandatory_and_critical():
    assert (RULE.level, RULE.severity) == (Level.MANDATORY, Severity.CRITICAL)


@pytest.mark.parametrize("kind", [LOCAL, REMOTE])
def test_the_programs_own_commands_pass(kind):
    assert found(RULE, kind, COMPLIANT) == []


@pytest.mark.parametrize("command", HARMLESS)
def test_a_harmless_command_passes(command):
    assert found(RULE, LOCAL, changed(COMPLIANT, create=command)) == []


@pytest.mark.parametrize(("meaning", "command"), CASES)
def test_an_opening_command_is_refused_for_what_it_does(meaning, command):
    assert f"create: the command {meaning}" in found(RULE, LOCAL, changed(COMPLIANT, create=command))


@pytest.mark.parametrize("command", MANY_LINES)
def test_it_is_refused_over_many_lines(command):
    assert found(RULE, LOCAL, changed(COMPLIANT, create=command))


@pytest.mark.parametrize("key", ["create", "update", "delete"])
@pytest.mark.parametrize("kind", [LOCAL, REMOTE])
def test_each_step_is_looked_at_here_and_on_other_hosts(key, kind):
    (message,) = found(RULE, kind, changed(COMPLIANT, **{key: "docker run -p 5432:5432 postgres"}))
    assert message == f"{key}: the command {STARTS}"


@pytest.mark.parametrize("value", [..., None, "", " "])
def test_a_missing_or_empty_command_passes(value):
    assert found(RULE, LOCAL, changed(COMPLIANT, create=value)) == []


@pytest.mark.parametrize("interpreter", [["/bin/bash", "-c"], ["sh", "-ec"], ["ssh", "h"], ["sudo", "sh", "-c"]])
def test_an_interpreter_that_is_a_shell_changes_nothing(interpreter):
    assert found(RULE, LOCAL, changed(COMPLIANT, interpreter=interpreter)) == []
    assert found(RULE, LOCAL, {"interpreter": interpreter, "create": "docker run x"})


@pytest.mark.parametrize(
    "interpreter", [["docker", "run", "x", "sh", "-c"], ["docker", "compose", "-f"], ["python3", "-c"]]
)
def test_an_interpreter_of_its_own_is_looked_at(interpreter):
    assert found(RULE, LOCAL, {"interpreter": interpreter, "create": "import os; os.system('x')"})


@pytest.mark.parametrize("create", ["sh", "bash -s", "xargs docker", "ssh h", "python3"])
def test_input_that_is_run_is_looked_at(create):
    assert found(RULE, LOCAL, {"create": create, "stdin": "docker run x"})


def test_input_that_is_data_passes():
    assert found(RULE, LOCAL, {"create": "psql -h db", "stdin": "select $x from (y"}) == []


def test_a_variable_of_the_environment_is_put_in_its_place():
    assert found(RULE, LOCAL, {"create": "$D run x", "environment": {"D": "docker"}})
    assert found(RULE, LOCAL, {"create": 'sh -c "$D"', "environment": {"D": "docker run x"}})
    assert found(RULE, LOCAL, {"create": "$D -h db", "environment": {"D": "psql"}}) == []


@pytest.mark.parametrize("name", ["BASH_ENV", "LD_PRELOAD", "DOCKER_HOST"])
def test_a_variable_that_changes_what_runs_is_refused(name):
    assert found(RULE, LOCAL, changed(COMPLIANT, environment={name: "x"}))


def test_findings_hold_no_values():
    props = {
        "create": "PGPASSWORD=hunter2 docker run x",
        "environment": {"S": "docker run hunter2"},
        "stdin": "docker run hunter2",
    }
    messages = found(RULE, LOCAL, props)
    assert len(messages) == 3
    assert not any("hunter2" in message for message in messages)


def test_a_variable_of_the_shell_with_empty_backticks_hides_nothing():
    assert found(RULE, LOCAL, {"create": "do``cker run x"})


@pytest.mark.parametrize(
    "text",
    [
        "sh -c '" * 50,
        "sh -c " * 400 + "ls",
        "$(ls " * 500 + ")" * 500,
        "ls " * 20000,
        "((" * 3000,
        "a;" * 50_000,
        "a|" * 50_000,
        '"' * 100_000,
        "{a" * 50_000,
        "{{" * 50_000,
        "grant a to " * 9_000,
    ],
)
def test_a_text_without_end_is_refused_in_time(text):
    started = time.monotonic()
    assert found(RULE, LOCAL, {"create": text}) == [f"create: the command {CANNOT_BE_READ}"]
    assert time.monotonic() - started < 5


def test_input_without_end_is_read_no_further():
    started = time.monotonic()
    assert found(RULE, LOCAL, {"create": "sh", "stdin": "a;" * 50_000, "environment": {"X": "a; " * 30_000}})
    assert time.monotonic() - started < 5


def test_a_listed_command_passes_and_nothing_longer():
    props = {"create": "docker run --rm pinned/tool"}
    assert found(RULE, LOCAL, props, allow=["docker run --rm pinned/tool"]) == []
    assert found(RULE, LOCAL, {"create": props["create"] + "; docker run x"}, allow=["docker run --rm pinned/tool"])


@pytest.mark.parametrize("unknown", [
    {"update": UNKNOWN_STRING_VALUE}, {"stdin": UNKNOWN_STRING_VALUE}, {"environment": UNKNOWN_OBJECT_VALUE},
    {"environment": {"A": UNKNOWN_STRING_VALUE}}, {"interpreter": UNKNOWN_ARRAY_VALUE},
])  # fmt: skip
def test_an_unknown_value_is_told_and_hides_no_other(unknown):
    one = subject(LOCAL, {"create": "docker run x", **unknown})
    assert findings_so_far(RULE, one)
    with pytest.raises(UnknownValueError):
        one.reader.finish()
