"""Which SQL files a declaration means, and what is said of those that can't run."""

from __future__ import annotations

from pathlib import Path

import pytest

from components.config import Settings, SettingsError, parse
from components.postgres import init_files
from tests.components.recording import build_from, export_all
from tests.components.samples import small

COMMAND = "command:local:Command::postgres-shop-init"


def settings(*init: str) -> Settings:
    return parse(small(shop={"postgres": {"database": "shop", "init": list(init)}}))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sql" / "shop").mkdir(parents=True)
    for name in ("02-rows.sql", "01-tables.sql", "notes.txt"):
        (tmp_path / "sql" / "shop" / name).write_text(f"SELECT '{name}';\n")
    (tmp_path / "sql" / "last.sql").write_text("SELECT 3;\n")
    return tmp_path


def test_a_folder_stands_for_its_files_by_name(folder):
    its = settings("sql/shop", "sql/last.sql")
    assert init_files.problems(its) == []
    found = [path for path, _ in init_files.digests(its.apps["shop"].postgres.init)]
    assert found == ["sql/shop/01-tables.sql", "sql/shop/02-rows.sql", "sql/last.sql"]


def test_the_files_run_when_one_of_them_is_new_or_another(folder):
    raw = small(shop={"postgres": {"database": "shop", "init": ["sql/shop"]}})
    before = build_from(raw, export_all).by_urn()[COMMAND].inputs
    assert before == build_from(raw, export_all).by_urn()[COMMAND].inputs
    (folder / "sql" / "shop" / "03-more.sql").write_text("SELECT 4;\n")
    assert before != build_from(raw, export_all).by_urn()[COMMAND].inputs


def test_the_files_of_a_locked_app_wait(folder):
    raw = small(shop={"postgres": {"database": "shop", "init": ["sql/shop"]}})
    assert COMMAND not in build_from({**raw, "retired": ["shop"]}, export_all).by_urn()
    assert COMMAND not in build_from({**raw, "running": False}, export_all).by_urn()


def test_an_app_without_files_has_no_command(folder):
    assert COMMAND not in build_from(small(), export_all).by_urn()


@pytest.mark.parametrize(
    ("declared", "content", "wanted"),
    [
        ("sql/none.sql", None, "init[0] = 'sql/none.sql': it can't be read: No such file or directory"),
        ("sql/empty", None, "the folder has no .sql file"),
        ("sql/latin.sql", "SELECT 'ä'".encode("latin1"), "it isn't UTF-8 text"),
        ("sql/zero.sql", b"SELECT '\0'", "it has a zero byte"),
    ],
)
def test_what_cannot_run_is_said_before_anything_is_built(folder, declared, content, wanted):
    (folder / "sql" / "empty").mkdir()
    if content:
        (folder / declared).write_bytes(content)
    [problem] = init_files.problems(settings(declared))
    assert wanted in str(problem)


def test_two_files_of_one_name_are_refused(folder):
    (folder / "sql" / "01-tables.sql").write_text("SELECT 5;\n")
    [problem] = init_files.problems(settings("sql/shop", "sql/01-tables.sql"))
    assert "init[1] = 'sql/01-tables.sql': sql/shop/01-tables.sql has the same name" in str(problem)


@pytest.mark.parametrize("path", ["/etc/shop.sql", "../shop.sql", "sql/../../shop.sql", "", "."])
def test_a_path_stays_inside_the_project(path):
    with pytest.raises(SettingsError, match=r"apps\.shop\.postgres\.init\[0\].*stays inside it"):
        settings(path)
