"""The journal on bad days: crashes while it is folded, full disks, two runs at once."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from embedded.engine.steps import Op
from embedded.errors import EngineError
from embedded.secrets import PassphraseSecrets
from embedded.state import files
from tests.embedded.journalled import AFTER, Stack, half_a_run, made


@pytest.fixture(scope="session")
def secrets() -> PassphraseSecrets:
    return PassphraseSecrets.create("x")


@pytest.fixture
def stack(tmp_path: Path, secrets: PassphraseSecrets) -> Stack:
    return Stack(tmp_path / "state", secrets)


class CrashError(BaseException):
    """The process is gone at this point."""


@contextmanager
def crash_at(monkeypatch: pytest.MonkeyPatch, name: str, moment: int) -> Any:
    """Let the call number `moment` of a function of `os` be the last."""
    calls, real = [0], getattr(os, name)

    def counted(*arguments: Any, **options: Any) -> Any:
        calls[0] += 1
        if calls[0] > moment:
            raise CrashError
        return real(*arguments, **options)

    with monkeypatch.context() as patched:
        patched.setattr(os, name, counted)
        yield calls


@pytest.mark.parametrize("call", ["fsync", "link", "replace", "unlink", "ftruncate", "pwrite"])
def test_folding_may_be_cut_short_at_any_call_and_is_done_by_the_next(
    stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    with stack.backend.lock("dev"):
        half_a_run(stack.begin())
        killed = stack.copied(tmp_path / "killed")
    moment, done = 0, False
    while not done:
        again = killed.copied(tmp_path / f"{call}-{moment}")
        with crash_at(monkeypatch, call, moment):
            try:
                again.backend.clear_locks("dev")
                done = True
            except CrashError:
                pass
        assert (again.names(), again.pending()) == AFTER, f"{call} {moment}"
        again.backend.clear_locks("dev")
        assert (again.names(), again.pending()) == AFTER, f"{call} {moment}"
        assert not again.journal.exists()
        moment += 1
    assert moment > 1, "no such call is made"


def full(_: int) -> None:
    raise OSError(28, "No space left on device")


def test_a_full_disk_stops_the_next_operation_and_loses_nothing(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    def run() -> None:
        with stack.backend.lock("dev"):
            snapshot = stack.begin()
            half_a_run(snapshot)
            size = stack.journal.stat().st_size
            monkeypatch.setattr(files.os, "fsync", full)
            with pytest.raises(EngineError, match=r"can't be written to .*dev\.json\.journal: No space left"):
                snapshot.begin(Op.CREATE, made("f", ""))
            assert stack.journal.stat().st_size == size, "half a line would look like damage"

    with pytest.raises(EngineError, match=r"dev\.json\.journal beside it has what was done: free space, then run"):
        run()
    monkeypatch.undo()
    with pytest.raises(EngineError, match="currently locked"), stack.open().lock("dev"):
        pass
    assert stack.open().clear_locks("dev") == 1
    assert (stack.names(), stack.pending()) == AFTER


def test_space_that_comes_back_is_used(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    with stack.backend.lock("dev"):
        snapshot = stack.begin()
        with monkeypatch.context() as patched:
            patched.setattr(files.os, "fsync", full)
            with pytest.raises(EngineError, match="No space left"):
                snapshot.put(made("a", "2"))
        snapshot.put(made("b", "2"))
    assert stack.names() == ["a2", "b2", "c1"]


def test_the_journal_of_a_live_run_is_not_folded_by_others(stack: Stack) -> None:
    with stack.backend.lock("dev"):
        half_a_run(stack.begin())
        with pytest.raises(EngineError, match="still going on"):
            stack.open().clear_locks("dev")
        for lock in (stack.root / ".pulumi/locks").rglob("*.json"):
            lock.unlink()
        with pytest.raises(EngineError, match="still going on"), stack.open().lock("dev"):
            pass
    assert (stack.names(), stack.pending()) == AFTER


def test_two_runs_that_got_past_the_lock_do_not_write_one_journal(stack: Stack) -> None:
    other = stack.copied(stack.root.with_name("unused"))
    other.root = stack.root
    other.backend = stack.open()
    with stack.backend.lock("dev"):
        [lock] = (stack.root / ".pulumi/locks").rglob("*.json")
        lock.unlink()
        with other.backend.lock("dev"):
            half_a_run(stack.begin())
            with pytest.raises(EngineError, match="another run is at work on this stack"):
                other.begin().put(made("z"))
    assert (stack.names(), stack.pending()) == AFTER


def test_a_journal_needs_the_lock_and_there_is_one(stack: Stack) -> None:
    with pytest.raises(ValueError, match="needs the stack's lock"):
        stack.begin()
    with stack.backend.lock("dev"):
        stack.begin()
        with pytest.raises(ValueError, match="the only one"):
            stack.begin()
