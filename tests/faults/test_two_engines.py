"""Several engines on one stack: one writes, the others say who does."""

from __future__ import annotations

from collections.abc import Callable

from tests.embedded.conftest import Workspace
from tests.faults.cuts import UP
from tests.faults.stack import Going, run

Make = Callable[[str], Workspace]
PROGRAM = """
for number in range(3):
    command.local.Command(f"c-{number}", create=f"until [ -e go ]; do sleep 0.1; done; echo {number} >> log")
"""
ALL = ["0", "1", "2"]
LOCKED = "the stack is currently locked by"


def test_the_second_engine_says_who_holds_the_stack_and_changes_nothing(workspace: Make) -> None:
    stack = workspace(PROGRAM)
    first = Going(stack, "", *UP).until("c-0 creating")
    for command in (UP, ("destroy", "--yes", "--skip-preview"), ("refresh", "--yes", "--skip-preview")):
        second = run(stack, "", *command)
        assert second.code == 1
        assert LOCKED in second.err
        assert f"(pid {first.process.pid})" in second.err
    (stack.root / "go").touch()
    assert first.result().code == 0
    assert sorted((stack.root / "log").read_text().split()) == ALL


def test_of_engines_that_start_together_at_most_one_writes(workspace: Make) -> None:
    stack = workspace(PROGRAM)
    (stack.root / "go").touch()
    going = [Going(stack, "", *UP, said=f"{number}-") for number in range(4)]
    results = [one.result() for one in going]
    won = [result for result in results if result.code == 0]
    assert len(won) <= 1
    assert all(LOCKED in result.err for result in results if result.code != 0)
    made = (stack.root / "log").read_text().split() if won else []
    assert sorted(made) == (ALL if won else []), "each command ran once, whoever won"
    stack.up()
    stack.pulumi("preview", "--expect-no-changes")
    assert sorted((stack.root / "log").read_text().split()) == ALL


def test_the_lock_of_a_dead_engine_stays_until_it_is_cancelled(workspace: Make) -> None:
    stack = workspace(PROGRAM)
    first = Going(stack, "", *UP).until("c-0 creating")
    first.process.kill()
    first.process.wait()
    locked = stack.up(ok=False)
    (stack.root / "go").touch()
    assert LOCKED in locked.err
    assert "`pulumi cancel`" in locked.err
    stack.pulumi("cancel", "--yes")
    stack.up()
    stack.pulumi("preview", "--expect-no-changes")
