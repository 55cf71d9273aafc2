"""Programs and policy packs that raise, exit, crash or hang: one message, and the next run converges."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable

import pytest

from tests.embedded.conftest import Result, Workspace
from tests.faults.cuts import UP
from tests.faults.stack import Going, run

Make = Callable[[str], Workspace]
GOOD = """
made = command.local.Command("made", create="echo made >> log")
after = random.RandomPassword("after", length=24, opts=Opts(depends_on=[made]))
"""
MORE = GOOD + "random.RandomId('fresh', byte_length=2)\n"
SLOW = """
import os, threading
made = command.local.Command("slow", create="sleep 1; echo slow >> log")
if config.get("early"):
    threading.Timer(0.5, os._exit, [0]).start()
"""
RULE = """
import os, time
def judge(args, report):
    if args.name == "fresh":
        {}
PolicyPack("judges", policies=[
    ResourceValidationPolicy(name="judge", description="x", enforcement_level=EnforcementLevel.MANDATORY,
        validate=judge)])
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The good program's stack, as every test here leaves it."""
    stack = Workspace(tmp_path_factory.mktemp("built"))
    stack.program(GOOD)
    stack.pulumi("stack", "init", "test")
    stack.up()
    return stack


def _failed(result: Result, *words: str) -> None:
    assert result.code == 1, result.out + result.err
    for word in words:
        assert word in result.out + result.err
    assert result.err.lstrip().startswith(("error: ", "^C")), f"one message, no traceback: {result.err}"


def _as_before(stack: Workspace) -> None:
    stack.program(GOOD)
    stack.up("--expect-no-changes")
    assert (stack.root / "log").read_text() == "made\n"


@pytest.mark.parametrize(
    ("ending", "words"),
    [
        ("raise RuntimeError('no luck today')", ("RuntimeError: no luck today",)),
        ("sys.exit(3)", ("the program ended with exit code 3",)),
        ("sys.exit(0)", ("the program ended before it had declared everything",)),
        ("os._exit(0)", ("the program ended before it had declared everything",)),
        ("os.kill(os.getpid(), 9)", ("the program ended with exit code -9",)),
    ],
)
def test_a_program_that_breaks_off_fails_the_run_and_deletes_nothing(
    built: Workspace, ending: str, words: tuple[str, ...]
) -> None:
    built.program(f"import os, sys\n{ending}\n")
    _failed(built.up(ok=False), *words)
    _as_before(built)  # what it had no time to declare is not taken as gone


def test_what_runs_when_the_program_dies_is_finished_and_written(workspace: Make) -> None:
    stack = workspace(SLOW)
    stack.set("early", "yes")
    _failed(stack.up(ok=False), "the program ended before it had declared everything")
    stack.pulumi("config", "rm", "early")
    stack.up()
    stack.pulumi("preview", "--expect-no-changes")
    assert (stack.root / "log").read_text() == "slow\n"


def test_a_program_that_hangs_ends_with_ctrl_c(built: Workspace) -> None:
    built.program(GOOD + "import time\nprint('now it hangs')\ntime.sleep(3600)\n")
    going = Going(built, "", *UP).until("now it hangs")
    going.process.send_signal(signal.SIGINT)
    _failed(going.result(15), "update cancelled")
    _as_before(built)


@pytest.mark.parametrize(
    ("pack", "words"),
    [
        ("raise SystemError('no rules today')", ("stopped before it served", "no rules today")),
        ("import os; os._exit(0)", ("stopped before it served",)),
        ("import time; time.sleep(3600)", ("gave no port within 2 s",)),
        (RULE.format("os._exit(1)"), ("Analyze failed",)),
        (RULE.format("time.sleep(3600)"), ("Analyze failed", "Deadline")),
        (RULE.format("raise ValueError('not a rule')"), ("not a rule",)),
    ],
)
def test_a_pack_that_can_not_judge_fails_the_run(built: Workspace, pack: str, words: tuple[str, ...]) -> None:
    built.program(MORE)
    began = time.monotonic()
    _failed(run(built, "seconds=2", *UP, "--policy-pack", str(built.pack(pack))), *words)
    assert time.monotonic() - began < 30
    assert "fresh" not in built.resources(), "nothing is made that a pack has not judged"
    _as_before(built)
