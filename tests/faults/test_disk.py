"""A disk that is full, and checkpoints that can't be read: one message, and nothing lost."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.embedded.conftest import Result, Workspace
from tests.faults.cuts import UP
from tests.faults.stack import run

Make = Callable[[str], Workspace]
NAMES = [f"c-{number}" for number in range(5)]
PROGRAM = f"""
last = None
for name in {NAMES}:
    last = command.local.Command(name, create=f"echo {{name}} >> log", opts=Opts(depends_on=[last] if last else []))
pulumi.export("password", random.RandomPassword("password", length=24, special=False).result)
"""
FULL = "No space left on device"


def _checkpoint(stack: Workspace) -> Path:
    return next((stack.root / "state").rglob("stacks/demo/test.json"))


def _says_that_the_disk_is_full(result: Result) -> None:
    assert result.code == 1, result.out + result.err
    assert FULL in result.out + result.err
    assert "Traceback" not in result.out + result.err


def _converges(stack: Workspace) -> None:
    """What is in the log was made; a command that was cut short runs again, and only that one."""
    stack.pulumi("cancel", "--yes")
    stack.up()
    stack.pulumi("preview", "--expect-no-changes")
    assert {*NAMES} <= stack.resources().keys()
    made = (stack.root / "log").read_text().split()
    assert {*made} == {*NAMES}
    assert len(made) <= len(NAMES) + 1, "a command whose end could not be written down runs again, no other one"
    assert "pending_operations" not in stack.state()


@pytest.mark.parametrize("write", [1, 3, 6, 10])
def test_a_write_that_fails_ends_the_run_with_the_reason_and_the_next_one_goes_on(workspace: Make, write: int) -> None:
    stack = workspace(PROGRAM)
    _says_that_the_disk_is_full(run(stack, f"full={write}", *UP))
    _converges(stack)


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 kB on the workspace's state folder, once that is there."""
    folder = tmp_path / "state"
    yield folder
    if os.path.ismount(folder):
        subprocess.run(["umount", folder], check=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small file system; the failing writes above can")
def test_a_really_full_disk_loses_nothing(tmp_path: Path, small: Path) -> None:
    stack = Workspace(tmp_path)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", small], check=True)
    stack.program(PROGRAM)
    stack.pulumi("stack", "init", "test")
    (small / "ballast").write_bytes(bytes(40 * 1024))
    _says_that_the_disk_is_full(stack.up(ok=False))
    (small / "ballast").unlink()
    _converges(stack)


def test_a_damaged_checkpoint_is_named_with_the_copy_before_it(workspace: Make) -> None:
    stack = workspace(PROGRAM)
    stack.up()
    checkpoint = _checkpoint(stack)
    good = checkpoint.read_bytes()
    for content in (b"", good[: len(good) // 2], b"\xff\xfe\x00", b"null", b"[]"):
        checkpoint.write_bytes(content)
        result = stack.up(ok=False)
        assert result.code == 1, result.out
        assert f"{checkpoint}: damaged state file" in result.err
        assert "test.json.bak" in result.err
        assert len(result.err.splitlines()) == 1, result.err
        assert checkpoint.read_bytes() == content, "what is damaged stays for people to look at"
    checkpoint.write_bytes(good)
    stack.pulumi("preview", "--expect-no-changes")


def test_a_checkpoint_that_can_not_be_read_is_one_message(workspace: Make) -> None:
    stack = workspace(PROGRAM)
    checkpoint = _checkpoint(stack)
    checkpoint.unlink()
    checkpoint.mkdir()
    result = stack.up(ok=False)
    assert result.code == 1
    assert str(checkpoint) in result.err
    assert "Traceback" not in result.err
