"""Manifests: what is written comes back, what differs is said, and a file's state is known."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from operate.backup import manifest, postgres_facts, take
from operate.backup.manifest import Check, Facts, Manifest, Table
from operate.errors import OperateError

FACTS = Facts(
    server_version="17.11",
    owner="shop_owner",
    extensions={"vector": "0.8.0"},
    tables={"public.a": Table(rows=2, checksum="12", owner="shop_owner"), "public.b": Table(rows=0, checksum="0")},
    sequences={"public.a_id_seq": (3, 5)},
)
MADE = Manifest(
    name="shop-unified-20261121T093000Z.dump", stack="dev", app="shop", kind="postgres", store="pg/shop",
    database="shop", started="2026-11-21T09:30:00Z", seconds=1.5, bytes=3,
    sha256="ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", entries=7, facts=FACTS,
)  # fmt: skip
FAILED = Check(by="restore", when="2026-11-21T09:31:00Z", seconds=2, equal=False, differences=("a", "b"))


def test_what_is_written_comes_back() -> None:
    made = MADE.with_check(FAILED)
    assert manifest.parse(made.text()) == made
    assert made.last("restore") == FAILED
    assert made.last("read") is None


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 2}', '{"format": 1, "facts": {}}', MADE.text()[:-9]])
def test_what_is_no_manifest_is_one_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.dump.json").write_text(text)
    with pytest.raises(OperateError, match=r"a\.dump\.json can't be read"):
        manifest.read(tmp_path / "a.dump")


def test_a_file_without_a_manifest_is_told_from_one_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(OperateError, match="isn't there"):
        manifest.read(tmp_path / "a.dump")
    (tmp_path / "a.dump").touch()
    with pytest.raises(OperateError, match="no manifest beside it"):
        manifest.read(tmp_path / "a.dump")


@pytest.mark.parametrize(("content", "wanted"), [
    (b"abc", None), (b"abd", "its SHA-256 differs"), (b"ab", "2 bytes instead of 3"), (None, "missing"),
])  # fmt: skip
def test_damage_is_seen(tmp_path: Path, content: bytes | None, wanted: str | None) -> None:
    file = tmp_path / MADE.name
    if content is not None:
        file.write_bytes(content)
    found = manifest.damage(file, MADE)
    assert found is None if wanted is None else wanted in str(found)


def test_equal_facts_have_no_differences_and_a_sequence_may_be_anywhere_in_between() -> None:
    for at in (3, 4, 5):
        assert manifest.differences(FACTS, replace(FACTS, sequences={"public.a_id_seq": (at, at)})) == ()
    assert manifest.differences(FACTS, replace(FACTS, sequences={"public.a_id_seq": (6, 6)})) == (
        "sequence public.a_id_seq goes on with 6 instead of 3 to 5",
    )


@pytest.mark.parametrize(("table", "wanted"), [
    ({"public.a": Table(rows=1, checksum="12", owner="shop_owner")}, "public.a has 1 rows instead of 2"),
    ({"public.a": Table(rows=2, checksum="13", owner="shop_owner")}, "public.a has other rows"),
    ({"public.a": Table(rows=2, checksum="12", owner="admin")}, "public.a belongs to admin instead of shop_owner"),
    ({"public.c": Table(rows=0, checksum="0")}, "public.c is not in the copy"),
])  # fmt: skip
def test_each_difference_of_a_table_is_said(table: dict[str, Table], wanted: str) -> None:
    assert manifest.differences(FACTS, replace(FACTS, tables={**FACTS.tables, **table})) == (wanted,)


def test_what_is_missing_is_said_and_a_long_list_is_cut() -> None:
    empty = Facts(server_version="17.11", owner="other")
    assert manifest.differences(FACTS, empty) == (
        "public.a is missing", "public.b is missing", "sequence public.a_id_seq is missing",
        "extension vector is missing", "owner other instead of shop_owner",
    )  # fmt: skip
    many = Facts(tables={f"t{number}": Table(rows=1, checksum="1") for number in range(30)})
    assert manifest.differences(many, Facts())[-1] == "and 10 more"


def test_a_sum_is_the_same_in_any_order_and_other_with_a_row_twice() -> None:
    assert manifest.summed([1, 2, 3]) == manifest.summed([3, 1, 2])
    assert len({manifest.summed(hashes) for hashes in ([], [1, 2], [1, 2, 2], [1, 1, 2])}) == 4


def test_facts_come_from_the_scripts_objects_and_a_sequence_from_both_ends_of_the_dump() -> None:
    told = [
        {"server_version": "17.11", "owner": "o", "extensions": {}},
        {"sequence": "s", "next": 9},
        {"table": "t", "owner": "o", "rows": 1, "checksum": "-5"},
        {"table": "(large objects)", "owner": "", "rows": 0, "checksum": "0"},
        {"sequence": "s", "next": 12},
    ]
    found = postgres_facts.facts(told)
    assert (found.sequences, found.major, found.rows) == ({"s": (9, 12)}, 17, 1)
    assert list(found.tables) == ["t"]


def test_a_second_run_waits_for_nobody_and_half_files_of_a_killed_one_go(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(take.pulumi, "REPOSITORY", tmp_path)
    (tmp_path / "backups" / "dev").mkdir(parents=True)
    (tmp_path / "backups" / "dev" / ".shop.dump.x1").touch()
    with take.alone("dev") as folder:
        assert [path.name for path in folder.iterdir()] == [".lock"]
        with pytest.raises(OperateError, match="is at work"), take.alone("dev"):
            pass
    with take.alone("dev"):
        pass


def test_the_age_of_a_copy_counts_from_its_beginning() -> None:
    assert manifest.age(MADE, datetime(2026, 11, 21, 10, 30, tzinfo=UTC)) == 3600
    assert json.loads(MADE.text())["format"] == 1
