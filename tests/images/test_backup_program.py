"""The backup container's program, as far as it is pure: what is due, which place in the log a snapshot has, metrics."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from components import backup_jobs, table_facts
from images.backup import members as following
from images.backup import metrics, moments, point, repository, schedule, timelines
from images.backup.common import BackupError, Settings
from images.backup.moments import Interval, Snapshot
from images.backup.repository import Saved

NIGHTLY = {"full": "0 2 * * 0", "differential": "0 2 * * 1-6", "restore_test": "0 4 * * *"}
SUNDAY = datetime(2026, 11, 22, 12, tzinfo=UTC)


def stamp(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def saved(stopped: str, kind: str = "full") -> Saved:
    return Saved(
        label=stopped, type=kind, started=int(stamp(stopped)) - 60, stopped=int(stamp(stopped)), first_lsn="0/1",
        last_lsn="0/2", first_segment="1", last_segment="2", bytes=10, stored=5,
    )  # fmt: skip


def done(text: str) -> dict[str, float]:
    return {"tried": stamp(text), "success": stamp(text) + 60}


def test_without_any_backup_a_full_one_is_due_at_once() -> None:
    assert schedule.due(NIGHTLY, {}, SUNDAY.timestamp(), SUNDAY) == "full"


def test_a_first_backup_that_failed_is_tried_again_after_five_minutes() -> None:
    failed = {"full": {"tried": SUNDAY.timestamp() - 60, "failure": SUNDAY.timestamp()}}
    assert schedule.due(NIGHTLY, failed, 0, SUNDAY) is None
    assert schedule.due(NIGHTLY, failed, 0, SUNDAY.replace(minute=5)) == "full"


def test_a_missed_time_counts_once_and_the_largest_first() -> None:
    runs = {kind: done("2026-11-10 02:00") for kind in NIGHTLY}
    assert schedule.due(NIGHTLY, runs, 0, SUNDAY) == "full"
    runs |= {kind: done("2026-11-22 11:59") for kind in ("full", "differential")}
    assert schedule.due(NIGHTLY, runs, 0, SUNDAY) == "restore_test"
    runs["restore_test"] = done("2026-11-22 11:59")
    assert schedule.due(NIGHTLY, runs, 0, SUNDAY) is None


@pytest.mark.parametrize(
    ("xid", "seen"),
    [(99, True), (100, False), (101, True), (102, False), (104, True), (105, False), (4_000_000_000, True)],
)
def test_a_snapshot_sees_what_had_ended_also_from_before_the_numbers_began_anew(xid: int, seen: bool) -> None:
    epoch = 1 << 32
    its = Snapshot.parse(f"{epoch + 100}:{epoch + 105}:{epoch + 100},{epoch + 102}")
    assert its.sees(xid) is seen


def test_a_snapshot_has_a_place_between_what_it_sees_and_the_first_that_it_does_not() -> None:
    its = Snapshot.parse("100:103:101")
    assert moments.interval(its, [(100, 10), (102, 20), (101, 30), (103, 40)], 0, 99) == Interval(21, 30)
    assert moments.interval(its, [(100, 10)], 0, 99) == Interval(11, 99)


def test_a_snapshot_that_sees_a_later_commit_and_not_an_earlier_one_has_no_place() -> None:
    assert moments.interval(Snapshot.parse("100:103:101"), [(101, 10), (102, 20)], 0, 99) is None


def test_databases_share_a_place_where_they_can() -> None:
    found = moments.stabbed({"a": Interval(1, 10), "b": Interval(5, 20), "c": Interval(11, 30)})
    assert found == [(10, ["a", "b"]), (30, ["c"])]


def test_places_in_the_log_are_read_and_written_alike() -> None:
    assert moments.written(moments.lsn("1A/2B3C4D5E")) == "1A/2B3C4D5E"


def test_commits_are_found_in_what_pg_waldump_says() -> None:
    text = (
        "rmgr: Transaction len (rec/tot):     34/    34, tx:        733, lsn: 0/01552D70, prev 0/01552D38, "
        "desc: COMMIT 2026-11-21 23:47:51.1 UTC\n"
    )
    match = moments._COMMIT.search(text)
    assert match
    assert match.groups() == ("733", "0/01552D70", None)


@pytest.mark.parametrize(
    ("found", "told"),
    [
        ({"t": {"rows": 2, "checksum": "a"}}, []),
        ({"t": {"rows": 1, "checksum": "a"}}, ["t has 1 rows instead of 2"]),
        ({"t": {"rows": 2, "checksum": "b"}}, ["t has other rows"]),
        ({}, ["t is missing"]),
    ],
)
def test_what_differs_is_told_by_table(found: dict[str, dict[str, object]], told: list[str]) -> None:
    assert table_facts.differences({"t": {"rows": 2, "checksum": "a"}}, found, "backup") == told


def test_a_restore_begins_from_the_newest_backup_before_its_moment() -> None:
    backups = [saved("2026-11-20 02:00"), saved("2026-11-21 02:00")]
    then = datetime(2026, 11, 21, 1, tzinfo=UTC)
    assert point.window(backups, then, SUNDAY) == backups[0]
    assert point.window(backups, SUNDAY, SUNDAY) == backups[1]


@pytest.mark.parametrize(
    ("moment", "reason"),
    [
        (datetime(2026, 11, 19, tzinfo=UTC), "before the first backup: the archive has 2026-11-20 02:00:00+00 to"),
        (datetime(2026, 11, 23, tzinfo=UTC), "in the future: the archive has 2026-11-20 02:00:00+00 to"),
    ],
)
def test_a_moment_outside_names_what_there_is(moment: datetime, reason: str) -> None:
    with pytest.raises(BackupError) as caught:
        point.window([saved("2026-11-20 02:00")], moment, SUNDAY)
    assert reason in str(caught.value)


def test_pgbackrests_reason_is_found_behind_its_own_words() -> None:
    said = "WARN: x\nERROR: [028]: backup and archive info files exist but do not match the database\n       HINT: y"
    assert repository.reason(said) == "backup and archive info files exist but do not match the database"


@pytest.mark.parametrize(
    ("number", "told"),
    [("403 (FORBIDDEN)", "refuses the access key"), ("404 (NOT FOUND)", "no such bucket"), ("500 (ODD)", "500 (ODD)")],
)
def test_what_a_service_answers_is_told_in_words(number: str, told: str) -> None:
    text = f"P00  ERROR: [039]: HTTP request failed with {number}:\n      *** Path/Query ***:\n      PUT /kept"
    assert told in str(repository.reason(text))


@pytest.mark.parametrize(
    ("behind", "told"),
    [
        ("ProtocolError: HTTP request failed with 403 (Forbidden):\n*** Path/Query ***:", "refuses the access key"),
        ("FileMissingError: unable to open missing file '/x/backup.info' for read", "has no such bucket, or they were"),
        ("CryptoError: cipher header invalid", "cipher header invalid"),
    ],
)
def test_the_reason_behind_an_info_file_that_can_not_be_loaded_is_told(behind: str, told: str) -> None:
    said = "ERROR: [055]: unable to load info file '/x/backup.info' or '/x/backup.info.copy':"
    text = f"{said}\n       {behind}\n       HINT: y"
    assert told in str(repository.reason(text))


def of(label: str, segment: str, last: str) -> Saved:
    return Saved(
        label=label,
        type="full",
        started=0,
        stopped=1,
        first_lsn="0/1",
        last_lsn=last,
        first_segment=segment,
        last_segment=segment,
        bytes=1,
        stored=1,
    )


def test_a_backup_further_along_a_timeline_than_where_it_was_left_is_not_gone_on_from() -> None:
    before, after = of("a", "000000010000000000000004", "0/4000100"), of("b", "000000010000000000000006", "0/6000100")
    own, foreign = of("c", "000000030000000000000007", "0/7000100"), of("d", "000000020000000000000007", "0/7000100")

    history = timelines.parse(3, "1\t0/5000000\tbefore 2026-11-22 00:55:30+00\n")

    assert history.of([before, after, foreign, own]) == [before, own]
    assert (history.target, timelines.History(None).target) == ("3", "latest")
    assert timelines.History(None).of([before, foreign]) == [before, foreign]


def test_metrics_tell_a_failed_test_and_the_newest_size() -> None:
    runs = {"full": {"success": 5.0}, "restore_test": {"success": 5.0, "failure": 6.0}}
    text = metrics.text("db", NIGHTLY, runs, [saved("2026-11-20 02:00")], 7.0, SUNDAY)
    assert 'data_tier_backup_last_success_timestamp_seconds{server="db",type="full"} 5.0' in text
    assert 'data_tier_restore_test_failed{server="db"} 1' in text
    assert 'data_tier_backup_size_bytes{server="db",type="full"} 5' in text
    overdue = 'data_tier_backup_overdue_timestamp_seconds{server="db",type='
    assert f'{overdue}"restore_test"}} 88205.0' in text


def test_the_data_and_the_socket_turn_to_the_member_that_takes_writes(tmp_path: Path) -> None:
    shared, members, postgres = tmp_path / "members", tmp_path / "lib/members", tmp_path / "lib/postgresql"
    postgres.mkdir(parents=True)
    for number in ("1", "2"):
        (shared / number).mkdir(parents=True)
        (shared / number / "number").write_text(f"{number}\n")
        (members / number / "data/pgdata").mkdir(parents=True)
        (members / number / "data/pgdata/whose").write_text(number)
    its = Settings(
        server="s", admin="a", role="r", cluster=str(postgres / "data/pgdata"), port=1, preload="", schedules={},
        sockets=str(members / "primary/socket"), members=str(shared),
    )  # fmt: skip
    following.follow(its)
    assert not (postgres / "data").is_symlink(), "nobody has said that it takes writes"
    for number in ("1", "2", "2"):
        (shared / "current").unlink(missing_ok=True)
        (shared / "current").symlink_to(number)
        following.follow(its)
        assert (Path(its.cluster) / "whose").read_text() == number
        assert (Path(its.sockets) / "number").read_text() == f"{number}\n"


def test_a_larger_backup_counts_for_a_smaller_one_and_nothing_is_overdue_at_once() -> None:
    def overdue(runs: dict[str, dict[str, object]]) -> dict[str, float]:
        text = metrics.text("db", NIGHTLY, runs, [], 0.0, SUNDAY)
        found = (line.split() for line in text.splitlines() if line.startswith("data_tier_backup_overdue"))
        return {name.split('"')[3]: float(value) for name, value in found}

    begun = {"since": {"tried": 1000}}
    assert set(overdue(begun).values()) >= {1000 + 86400 + 1800}
    assert min(overdue(begun).values()) > 1000
    full = overdue({**begun, "full": {"success": 5000}})
    assert full["diff"] - overdue(begun)["diff"] == 4000
    assert full["restore_test"] == overdue(begun)["restore_test"]
    incremental = overdue({**begun, "incremental": {"success": 5000}})
    assert incremental["full"] == overdue(begun)["full"]


@pytest.mark.parametrize(
    ("job", "left_out", "counts"),
    [
        ("full", ("full", "differential", "incremental"), ("full",)),
        ("differential", ("differential", "incremental"), ("full", "differential")),
        ("incremental", ("incremental",), ("full", "differential", "incremental")),
        ("restore_test", ("restore_test",), ("restore_test",)),
    ],
)
def test_a_larger_backup_stands_in_for_a_smaller_one(
    job: str, left_out: tuple[str, ...], counts: tuple[str, ...]
) -> None:
    assert backup_jobs.covered(job) == left_out
    assert backup_jobs.counting(job) == counts
