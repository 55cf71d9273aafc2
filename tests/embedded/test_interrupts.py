"""Runs that are cut short: by Ctrl-C, by SIGTERM, by kill -9."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.embedded.conftest import Workspace, descendants

Make = Callable[[str], Workspace]
SLOW = """
slow = command.local.Command("slow", create="sleep 3; echo made", update="sleep 3; echo again",
    environment={"N": config.get("n") or "1"})
random.RandomId("after", byte_length=2, opts=Opts(depends_on=[slow]))
"""


def start(stack: Workspace, until: str) -> subprocess.Popen[str]:
    """An `up` that has printed a line with `until`."""
    run = subprocess.Popen(
        [sys.executable, "-m", "embedded", "up", "--yes", "--skip-preview"],
        cwd=stack.root,
        env=stack.env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert run.stdout is not None
    for line in run.stdout:
        if until in line:
            break
    return run


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_lets_what_runs_end_starts_nothing_more_and_frees_the_lock(workspace: Make, number: int) -> None:
    stack = workspace(SLOW)
    run = start(stack, "slow creating")
    run.send_signal(number)
    out, err = run.communicate(timeout=30)
    assert run.returncode not in (0, -number), out + err
    assert "cancelling" in err
    assert "error: update cancelled" in err
    assert set(stack.resources()) >= {"slow"}
    assert "after" not in stack.resources()
    assert "pending_operations" not in stack.state()
    assert "1 created" in stack.up().out


def test_a_second_signal_ends_at_once_and_leaves_the_operation_pending(workspace: Make) -> None:
    stack = workspace(SLOW)
    run = start(stack, "slow creating")
    run.send_signal(signal.SIGINT)
    time.sleep(0.5)
    run.send_signal(signal.SIGINT)
    run.communicate(timeout=2)
    assert run.returncode != 0
    assert [item["type"] for item in stack.state()["pending_operations"]] == ["creating"]


def test_a_killed_engine_leaves_no_program_and_no_pack_behind(workspace: Make) -> None:
    stack = workspace(SLOW)
    run = start(stack, "slow creating")
    children = descendants(run.pid)
    os.kill(run.pid, signal.SIGKILL)
    run.wait()
    end = time.monotonic() + 10
    while time.monotonic() < end:
        left = [pid for pid in children if Path(f"/proc/{pid}/cmdline").exists() and _is_ours(pid)]
        if not left:
            return
        time.sleep(0.2)
    pytest.fail(f"still running: {[_command(pid) for pid in left]}")


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except FileNotFoundError:
        return ""


def _is_ours(pid: int) -> bool:
    return "embedded.engine" in _command(pid)


def test_an_update_that_was_cut_short_is_settled_by_the_next_run(workspace: Make) -> None:
    stack = workspace(SLOW)
    stack.up()
    stack.set("n", "2")
    run = start(stack, "slow updating")
    time.sleep(0.5)
    os.kill(run.pid, signal.SIGKILL)
    run.wait()
    assert [item["type"] for item in stack.state()["pending_operations"]] == ["updating"]
    assert "currently locked by 1 lock" in stack.up(ok=False).err
    stack.pulumi("cancel", "--yes")
    assert "interrupted while updating" in stack.up().out
    assert "pending_operations" not in stack.state()
    assert "pending" not in stack.up().out


def test_a_creation_that_was_cut_short_is_named_until_it_is_made(workspace: Make) -> None:
    stack = workspace(SLOW)
    run = start(stack, "slow creating")
    time.sleep(0.5)
    os.kill(run.pid, signal.SIGKILL)
    run.wait()
    stack.pulumi("cancel", "--yes")
    assert "interrupted while creating" in stack.up().out
    assert "pending_operations" not in stack.state()
