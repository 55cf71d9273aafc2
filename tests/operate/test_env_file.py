"""Data URLs as a file: quoting that every reader understands alike, and a mode that only the owner can read."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
import yaml

from operate import env_file
from operate.errors import OperateError

URL = "postgresql+asyncpg://shop_db_a:s3cret%40@shop-postgres:5432/shop_db"
AWKWARD = {
    "PLAIN": URL,
    "SPACE": "a b",
    "QUOTE": "it's",
    "DOUBLE": 'say "x"',
    "DOLLAR": "a$HOME${HOME}",
    "BOTH": "a'b$c`d\\e\"f",
    "HASH": "a#b",
    "EMPTY": "",
    "LINES": "a\nb",
    "AMPERSAND": "x?a=1&b=2",
}


def test_a_shell_reads_back_what_was_written(tmp_path: Path) -> None:
    file = tmp_path / "env"
    file.write_text(env_file.text("shop", AWKWARD, "dotenv"))
    for name, value in AWKWARD.items():
        done = subprocess.run(
            ["sh", "-c", f'. "$1"; printf %s "${name}"', "sh", str(file)], capture_output=True, text=True, check=True
        )
        assert done.stdout == value, name


def test_a_plain_url_is_written_without_quotes_for_readers_that_know_none() -> None:
    assert env_file.text("shop", {"DATABASE_URL": URL}, "dotenv") == f"DATABASE_URL={URL}\n"


def test_docker_reads_back_what_was_written_for_it_without_quotes() -> None:
    one_line = {name: value for name, value in AWKWARD.items() if name != "LINES"}
    lines = env_file.text("shop", one_line, "docker").splitlines()
    assert dict(line.split("=", 1) for line in lines) == one_line
    with pytest.raises(OperateError, match="LINES has more than one line"):
        env_file.text("shop", AWKWARD, "docker")


def test_json_is_one_object() -> None:
    assert json.loads(env_file.text("shop", AWKWARD, "json")) == AWKWARD


def test_a_compose_file_has_its_dollars_doubled() -> None:
    read = yaml.safe_load(env_file.text("shop", AWKWARD, "compose"))
    environment = read["services"]["shop"]["environment"]
    assert {name: value.replace("$$", "$") for name, value in environment.items()} == AWKWARD
    assert environment["DOLLAR"] == "a$$HOME$${HOME}", "one $ would be taken for a variable"


def test_a_file_is_for_its_owner_only_even_where_there_was_an_open_one(tmp_path: Path) -> None:
    path = tmp_path / "shop.env"
    path.write_text("old")
    path.chmod(0o644)
    env_file.write(path, "new")
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("new", 0o600)
    assert list(tmp_path.iterdir()) == [path], "no half-written file is left"


def test_what_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(OperateError, match=r"--output .*: No such file"):
        env_file.write(tmp_path / "nowhere" / "shop.env", "x")
    with pytest.raises(OperateError, match="front has no data URLs"):
        env_file.text("front", {}, "dotenv")
    with pytest.raises(OperateError, match="--format yaml: choose one of dotenv, docker, json, compose"):
        env_file.text("shop", AWKWARD, "yaml")
