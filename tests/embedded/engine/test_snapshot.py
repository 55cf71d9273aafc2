"""The state of a run: what is read from it, and that the changes it hands out make the same state again."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from embedded.engine.snapshot import Snapshot
from embedded.engine.steps import Op
from embedded.state import Change, Resource
from embedded.state.changes import Operation, Replay


def made(name: str, id: str = "1", **more: object) -> Resource:
    return replace(Resource(urn=f"urn:pulumi:dev::demo::t::{name}", type="t", custom=True, id=id), **more)  # type: ignore[arg-type]


class Log:
    """What a snapshot has written, and what comes of it when it is read back."""

    def __init__(self, olds: Sequence[Resource], pending: Sequence[tuple[str, Resource]] = ()) -> None:
        self.changes: list[Change[Resource]] = []
        self.writes = 0
        self._olds, self._pending = olds, pending

    def __call__(self, changes: Sequence[Change[Resource]]) -> None:
        self.changes += changes
        self.writes += 1

    def replayed(self) -> Replay[Resource]:
        replay = Replay(self._olds, [Operation(kind, item.urn, item) for kind, item in self._pending])
        for change in self.changes:
            replay.apply(change)
        return replay


def begun(olds: Sequence[Resource], pending: Sequence[tuple[str, Resource]] = ()) -> tuple[Snapshot, Log]:
    log = Log(olds, pending)
    return Snapshot(olds, pending, log), log


def test_an_old_resource_is_exchanged_in_place() -> None:
    olds = [made("a"), made("b"), made("c")]
    snapshot, log = begun(olds)
    seen = replace(olds[1], outputs={"x": 2})
    snapshot.amend(olds[1], seen)
    assert snapshot.olds == [olds[0], seen, olds[2]]
    assert snapshot.old(seen.urn) is seen
    assert log.replayed().resources == snapshot.resources


def test_an_old_resource_that_is_gone_is_no_longer_known() -> None:
    olds = [made("a"), made("b")]
    snapshot, log = begun(olds)
    snapshot.amend(olds[0], None)
    assert snapshot.olds == [olds[1]]
    assert snapshot.old(olds[0].urn) is None
    assert log.replayed().resources == [olds[1]]


def test_a_replaced_one_that_is_gone_leaves_its_replacement_known() -> None:
    live, replaced = made("a", "2"), made("a", "1", delete=True)
    snapshot, _ = begun([live, replaced])
    snapshot.amend(replaced, None)
    assert snapshot.old(live.urn) is live
    assert snapshot.leftovers == [live]


def test_what_was_exchanged_can_still_be_named_by_what_it_was() -> None:
    old = made("a")
    snapshot, log = begun([old])
    snapshot.amend(old, replace(old, outputs={"x": 1}))
    snapshot.removed(old)
    assert snapshot.resources == log.replayed().resources == [], "a resource must not stay because it was refreshed"


@pytest.mark.parametrize("kind", ["creating", "updating", "deleting", "reading", "importing"])
def test_what_an_earlier_run_was_cut_short_in_is_there_until_it_is_settled(kind: str) -> None:
    item = made("a", "")
    snapshot, log = begun([], [(kind, item)])
    assert snapshot.inherited == [(kind, item)]
    snapshot.settled(item)
    assert snapshot.inherited == []
    assert log.replayed().pending == []


def test_a_creation_that_was_cut_short_is_settled_by_making_it_and_not_by_failing_to() -> None:
    item = made("a", "")
    snapshot, log = begun([], [("creating", item)])
    snapshot.begin(Op.CREATE, item)
    snapshot.abandon(item)
    assert [operation.entry for operation in log.replayed().pending] == [item]
    snapshot.put(made("a"))
    assert snapshot.inherited == []
    assert log.replayed().pending == []


def test_deleting_settles_a_deletion_that_was_cut_short_and_not_a_creation() -> None:
    olds = [made("a"), made("b")]
    snapshot, _ = begun(olds, [("deleting", olds[0]), ("creating", olds[1])])
    for old in olds:
        snapshot.removed(old)
    assert snapshot.inherited == [("creating", olds[1])]


def test_an_adopted_resource_counts_as_an_old_one() -> None:
    snapshot, log = begun([made("a")])
    snapshot.adopt(made("b"))
    assert snapshot.old(made("b").urn) == made("b")
    snapshot.put(made("b"))
    assert [item.urn[-1] for item in snapshot.olds] == ["a"]
    assert log.replayed().resources == snapshot.resources == [made("b"), made("a")]


def test_a_replaced_resource_stays_marked_until_it_is_removed() -> None:
    old = made("a", "1")
    snapshot, log = begun([old])
    snapshot.replaced(old, made("a", "2"))
    [marked] = snapshot.leftovers
    assert (marked.id, marked.delete) == ("1", True)
    assert log.replayed().resources == [made("a", "2"), marked]
    snapshot.removed(marked)
    assert log.replayed().resources == [made("a", "2")]
    assert snapshot.old(old.urn) == old


def test_an_alias_gives_the_new_urn_everywhere() -> None:
    olds = [made("a"), made("b", dependencies=[made("a").urn])]
    snapshot, log = begun(olds)
    new = made("c").urn
    assert snapshot.rename(new, [made("x").urn, olds[0].urn]) == olds[0].urn
    assert snapshot.old(olds[0].urn) is None
    snapshot.put(made("c"))
    assert [item.urn for item in snapshot.resources] == [new, olds[1].urn]
    assert snapshot.resources[1].dependencies == [new]
    assert log.replayed().resources == snapshot.resources


def test_an_unchanged_resource_is_written_as_a_number_only() -> None:
    old = made("a", outputs={"x": "y" * 1000})
    snapshot, log = begun([old])
    snapshot.put(replace(old))
    assert [change.entry for change in log.changes] == [None]
    assert log.replayed().resources == [old]


def test_an_unflushed_change_is_written_before_the_next_operation_is_tried() -> None:
    snapshot, log = begun([made("a")])
    snapshot.put(made("a"), flush=False)
    assert log.writes == 0
    snapshot.begin(Op.CREATE, made("b"))
    assert [change.kind for change in log.changes] == ["same", "begin"]
    assert log.writes == 1


def test_nothing_is_written_in_a_preview() -> None:
    snapshot = Snapshot([made("a")], [], None)
    snapshot.put(made("b"))
    snapshot.removed(made("a"))
    assert snapshot.resources == [made("b")]


def test_many_threads_share_a_write_and_none_goes_on_before_its_own_is_done() -> None:
    written: set[str] = set()
    writes = 0

    def write(changes: Sequence[Change[Resource]]) -> None:
        nonlocal writes
        writes += 1
        time.sleep(0.02)
        written.update(change.urn for change in changes)

    snapshot = Snapshot([], [], write)
    early: list[str] = []

    def work(name: str) -> None:
        snapshot.put(made(name))
        if made(name).urn not in written:
            early.append(name)

    threads = [threading.Thread(target=work, args=(str(number),)) for number in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert early == [], "an answer before its change is on the disk is lost in a crash"
    assert len(written) == 32
    assert writes < 16, "each write carries what waits meanwhile"


def test_what_could_not_be_written_is_written_with_the_next_change() -> None:
    log = Log([])
    fails = [True]

    def write(changes: Sequence[Change[Resource]]) -> None:
        if fails.pop() if fails else False:
            raise OSError
        log(changes)

    snapshot = Snapshot([], [], write)
    with pytest.raises(OSError):  # noqa: PT011  any
        snapshot.put(made("a"))
    snapshot.put(made("b"))
    assert log.replayed().resources == [made("a"), made("b")]


def _moves(snapshot: Snapshot, chance: random.Random) -> list[Callable[[], object]]:
    """What a run could do next."""
    new = made(chance.choice("abcdefgh"), str(chance.randrange(100)))
    moves: list[Callable[[], object]] = [
        lambda: snapshot.begin(Op.CREATE, new),
        lambda: snapshot.abandon(new),
        lambda: snapshot.settled(new),
        lambda: snapshot.put(new, flush=chance.random() < 0.5),
        lambda: snapshot.rename(new.urn, [made(chance.choice("abcdefgh")).urn]),
    ]
    if snapshot.leftovers:
        old = chance.choice(snapshot.leftovers)
        moves += [
            lambda: snapshot.removed(old),
            lambda: snapshot.amend(old, replace(old, outputs={"x": chance.randrange(9)})),
            lambda: snapshot.amend(old, None),
            lambda: snapshot.put(replace(old, delete=False)),
            lambda: snapshot.replaced(old, made(old.urn[-1], "new")),
        ]
    if snapshot.old(new.urn) is None and not snapshot.is_registered(new.urn):
        moves.append(lambda: snapshot.adopt(new))
    return moves


@pytest.mark.parametrize("seed", range(60))
def test_whatever_a_run_does_its_changes_make_the_same_state(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311  a seed is what is wanted
    olds = [made(name) for name in "abcde"] + [made("a", "0", delete=True)]
    pending = [("creating", made("f")), ("deleting", olds[1])]
    snapshot, log = begun(olds, pending)
    for _ in range(30):
        chance.choice(_moves(snapshot, chance))()
    snapshot.flush()
    assert log.replayed().resources == snapshot.resources
    live = [item.urn for item in snapshot.resources if not item.delete]
    assert len(live) == len(set(live)), "two live resources of one URN"
    assert [(item.kind, item.entry) for item in log.replayed().inherited] == snapshot.inherited
