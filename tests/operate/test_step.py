"""How a step of an update is chosen, and how it says why it can't."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from operate import step
from operate.errors import OperateError
from tests.integration.project import REPOSITORY

MODULES = sorted(
    file.stem for file in Path(REPOSITORY / "operate").glob("*.py") if "step.main(" in file.read_text()
)  # fmt: skip


def refuse(environment: step.Environment) -> None:
    with step.telling("cannot do it", ValueError):
        raise ValueError(environment["WHY"])


@pytest.mark.parametrize("module", MODULES)
@pytest.mark.parametrize("arguments", [[], ["drop"], ["grant", "grant"]])
def test_a_wrong_call_is_answered_with_the_steps_there_are(module, arguments, capsys):
    steps = importlib.import_module(f"operate.{module}").STEPS
    assert step.main(module, steps, arguments, {}) == 2
    assert capsys.readouterr().err == f"usage: python -m operate.{module} {'|'.join(steps)}\n"


@pytest.mark.parametrize("module", MODULES)
def test_a_step_says_what_the_environment_lacks(module, capsys):
    for name, do in importlib.import_module(f"operate.{module}").STEPS.items():
        assert step.run(do, {}) == 2, name
        assert capsys.readouterr().err.endswith(" is not set in the environment\n")


def test_the_modules_are_found():
    assert {"readers", "redis_users", "turn_admin"} <= set(MODULES)


@pytest.mark.parametrize(
    ("text", "said"), [("no\nHINT: more", "cannot do it: no\n"), ("", "cannot do it: ValueError\n")]
)
def test_why_it_failed_is_one_line(text, said, capsys):
    assert step.run(refuse, {"WHY": text}) == 1
    assert capsys.readouterr().err == said


def test_other_errors_are_not_hidden():
    with pytest.raises(ZeroDivisionError):
        step.run(lambda _: print(1 / 0), {})


def test_an_error_of_operate_is_told_as_it_is(capsys):
    def fail(_: step.Environment) -> None:
        raise OperateError("shop: it is down")

    assert step.main("any", {"fail": fail}, ["fail"], {}) == 1
    assert capsys.readouterr().err == "shop: it is down\n"
