"""The journal beside the checkpoint: what is in it, what a tear or damage makes of it, when it is folded."""

from __future__ import annotations

import json
import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from embedded.engine.snapshot import Snapshot
from embedded.engine.steps import Op
from embedded.errors import EngineError
from embedded.secrets import PassphraseSecrets
from embedded.state import files
from embedded.values import Secret
from tests.embedded.journalled import AFTER, PASSWORD, Stack, half_a_run, made


@pytest.fixture(scope="session")
def secrets() -> PassphraseSecrets:
    return PassphraseSecrets.create("x")


@pytest.fixture
def stack(tmp_path: Path, secrets: PassphraseSecrets) -> Stack:
    return Stack(tmp_path / "state", secrets)


def test_the_checkpoint_stays_as_it_was_until_the_run_has_ended(stack: Stack) -> None:
    before = stack.checkpoint.read_bytes()
    with stack.backend.lock("dev"):
        half_a_run(stack.begin())
        assert stack.checkpoint.read_bytes() == before
        assert stat.S_IMODE(stack.journal.stat().st_mode) == 0o600
        assert PASSWORD.encode() not in stack.journal.read_bytes()
        assert (stack.names(), stack.pending()) == AFTER, "reading shows what has been done so far"
    assert not stack.journal.exists()
    assert stack.checkpoint.with_name("dev.json.bak").read_bytes() == before
    assert (stack.names(), stack.pending()) == AFTER
    loaded = stack.backend.load("dev", stack.secrets)
    assert loaded.resources[1].outputs == {"password": Secret(PASSWORD)}
    assert sorted(path.name for path in stack.checkpoint.parent.iterdir()) == ["dev.json", "dev.json.bak"]


def test_a_failed_run_is_folded_too(stack: Stack) -> None:
    def failing() -> None:
        with stack.backend.lock("dev"):
            half_a_run(stack.begin())
            raise RuntimeError

    with pytest.raises(RuntimeError):
        failing()
    assert not stack.journal.exists()
    assert (stack.names(), stack.pending()) == AFTER


def test_a_run_without_changes_leaves_no_trace(stack: Stack) -> None:
    before = stack.checkpoint.read_bytes()
    with stack.backend.lock("dev"):
        stack.begin().flush()
        assert not stack.journal.exists()
    assert stack.checkpoint.read_bytes() == before


def test_a_killed_run_keeps_the_stack_locked_and_is_folded_by_cancel(stack: Stack, tmp_path: Path) -> None:
    with stack.backend.lock("dev"):
        half_a_run(stack.begin())
        killed = stack.copied(tmp_path / "killed")
    with pytest.raises(EngineError, match="currently locked by 1 lock"), killed.backend.lock("dev"):
        pass
    assert (killed.names(), killed.pending()) == AFTER, "reading needs no lock"
    assert killed.journal.exists()
    assert killed.backend.clear_locks("dev") == 1
    assert not killed.journal.exists()
    assert (killed.names(), killed.pending()) == AFTER
    with killed.backend.lock("dev"):
        pass


def test_without_its_lock_a_journal_is_folded_by_the_next_and_said(stack: Stack, tmp_path: Path) -> None:
    with stack.backend.lock("dev"):
        half_a_run(stack.begin())
        killed = stack.copied(tmp_path / "killed")
    for lock in (killed.root / ".pulumi/locks").rglob("*.json"):
        lock.unlink()
    with killed.backend.lock("dev"):
        assert not killed.journal.exists()
    assert killed.said == [f"a run of 'dev' was cut short: {killed.checkpoint} now has what it had done"]
    assert (killed.names(), killed.pending()) == AFTER


def test_a_journal_cut_at_any_byte_is_what_was_written_before(stack: Stack) -> None:
    states: dict[int, tuple[list[str], list[tuple[str, str]]]] = {0: (stack.names(), stack.pending())}
    with stack.backend.lock("dev"):
        snapshot = stack.begin()
        moves: list[Callable[[], object]] = [
            lambda: snapshot.begin(Op.CREATE, made("d", "")),
            lambda: snapshot.put(made("d")),
            lambda: snapshot.removed(snapshot.olds[0]),
        ]
        for move in moves:
            move()
            states[stack.journal.stat().st_size] = (stack.names(), stack.pending())
        whole = stack.journal.read_bytes()
    stack.checkpoint.with_name("dev.json.bak").replace(stack.checkpoint)
    assert len(states) == len(moves) + 1
    for size in range(len(whole) + 1):
        stack.journal.write_bytes(whole[:size])
        expected = states[max(known for known in states if known <= size)]
        assert (stack.names(), stack.pending()) == expected, f"cut after byte {size}"


def test_a_torn_journal_is_folded_up_to_the_tear(stack: Stack, tmp_path: Path) -> None:
    with stack.backend.lock("dev"):
        half_a_run(stack.begin())
        killed = stack.copied(tmp_path / "killed")
    for torn in (b"0c44be81 [{", b"00000000 []\n"):
        again = killed.copied(tmp_path / torn.hex())
        with again.journal.open("ab") as file:
            file.write(torn)
        again.backend.clear_locks("dev")
        assert (again.names(), again.pending()) == AFTER


def test_a_journal_whose_first_line_was_torn_is_none(stack: Stack) -> None:
    stack.journal.write_bytes(b'5f0d7f5c {"journ')
    with stack.backend.lock("dev"):
        assert not stack.journal.exists()
    assert stack.names() == ["a1", "b1", "c1"]


@pytest.mark.parametrize("line", [0, 1, 2])
def test_a_damaged_line_before_the_last_is_refused_and_nothing_is_touched(
    stack: Stack, tmp_path: Path, line: int
) -> None:
    with stack.backend.lock("dev"):
        half_a_run(stack.begin())
        killed = stack.copied(tmp_path / "killed")
    lines = killed.journal.read_bytes().splitlines(keepends=True)
    lines[line] = lines[line].replace(b"u", b"v", 1)
    killed.journal.write_bytes(b"".join(lines))
    before = killed.journal.read_bytes(), killed.checkpoint.read_bytes()
    for attempt in (killed.names, lambda: killed.backend.clear_locks("dev")):
        with pytest.raises(
            EngineError, match=rf"dev\.json\.journal: damaged journal \(line {line + 1}\); restore a copy"
        ):
            attempt()
    assert (killed.journal.read_bytes(), killed.checkpoint.read_bytes()) == before
    assert list((killed.root / ".pulumi/locks").rglob("*.json")), "what can't be folded stays locked"


def test_a_journal_that_does_not_fit_its_checkpoint_is_called_damaged(stack: Stack, tmp_path: Path) -> None:
    with stack.backend.lock("dev"):
        stack.begin().removed(made("c"))
        killed = stack.copied(tmp_path / "killed")
    header, change = killed.journal.read_bytes().splitlines(keepends=True)
    killed.journal.write_bytes(header + change + change)
    with pytest.raises(EngineError, match="damaged journal; restore a copy"):
        killed.names()


def test_a_journal_of_another_checkpoint_is_refused_and_names_what_it_is_about(stack: Stack, tmp_path: Path) -> None:
    with stack.backend.lock("dev"):
        half_a_run(stack.begin())
        killed = stack.copied(tmp_path / "killed")
    shutil.copy(stack.checkpoint, killed.checkpoint)  # as the CLI would have written it meanwhile
    with pytest.raises(EngineError, match=r"goes on from another checkpoint than .*dev\.json, .*::a, .*::d, .*::e"):
        killed.names()
    with pytest.raises(EngineError, match="another checkpoint"):
        killed.backend.clear_locks("dev")
    assert killed.journal.exists()


def test_a_truncated_checkpoint_under_a_journal_says_which_copy_is_needed(stack: Stack, tmp_path: Path) -> None:
    with stack.backend.lock("dev"):
        half_a_run(stack.begin())
        killed = stack.copied(tmp_path / "killed")
    whole = killed.checkpoint.read_bytes()
    killed.checkpoint.write_bytes(whole[:50])
    with pytest.raises(
        EngineError, match=r"damaged state file.*but dev\.json\.journal goes on from the damaged one only"
    ):
        killed.backend.clear_locks("dev")
    killed.checkpoint.unlink()
    with pytest.raises(EngineError, match=r"there is no such state, but dev\.json\.journal"):
        killed.backend.clear_locks("dev")
    killed.checkpoint.write_bytes(whole)
    killed.backend.clear_locks("dev")
    assert (killed.names(), killed.pending()) == AFTER


def test_the_cli_does_not_take_the_journal_for_a_stack(stack: Stack) -> None:
    with stack.backend.lock("dev"):
        half_a_run(stack.begin())
        extension = stack.journal.suffix
        assert [item.name for item in stack.open().list_stacks()] == ["dev"]
    assert extension not in (".json", ".yaml", ".yml", ".gz", ".zst"), "what its file backend lists"


def test_a_state_under_another_salt_is_written_anew_before_the_journal(stack: Stack) -> None:
    other = PassphraseSecrets.create("x")
    stack.backend.create("other", other)
    checkpoint = stack.backend.load("other", other)
    checkpoint.resources = [made("a", outputs={"password": Secret(PASSWORD)})]
    stack.backend.save("other", checkpoint)
    with stack.backend.lock("other"):
        loaded = stack.backend.load("other", stack.secrets)
        journal = stack.backend.journal("other", loaded)
        Snapshot(loaded.resources, [], journal.append).put(made("b", outputs={"password": Secret(PASSWORD)}))
    again = stack.backend.load("other", stack.secrets)
    assert stack.backend.salt("other") == stack.secrets.salt
    assert [item.outputs for item in again.resources] == [{"password": Secret(PASSWORD)}] * 2


def test_a_folded_checkpoint_is_the_one_that_a_save_writes(stack: Stack) -> None:
    with stack.backend.lock("dev"):
        half_a_run(stack.begin())
    folded = json.loads(stack.checkpoint.read_text())
    stack.backend.save("dev", stack.backend.load("dev", stack.secrets))
    saved = json.loads(stack.checkpoint.read_text())
    for document in (folded, saved):
        del document["checkpoint"]["latest"]["manifest"]
    assert json.dumps(folded) == json.dumps(saved), "to the order of keys"


def test_journalling_a_thousand_steps_costs_no_more_than_the_steps(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = [0]
    real = os.pwrite

    def counted(handle: int, data: bytes, offset: int) -> int:
        written[0] += len(data)
        return real(handle, data, offset)

    monkeypatch.setattr(files.os, "fsync", lambda handle: None)
    monkeypatch.setattr(files.os, "pwrite", counted)
    with stack.backend.lock("dev"):
        snapshot = stack.begin()
        for number in range(1000):
            snapshot.begin(Op.CREATE, made(str(number), ""))
            snapshot.put(made(str(number)))
    assert written[0] < 1000 * 600, "a step must not write what others have written"
