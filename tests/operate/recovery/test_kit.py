"""What a kit's file keeps, and what it says when it can't be opened."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from operate.errors import OperateError
from operate.recovery import kit, passphrase
from operate.recovery.kit import Contents, Header

WORD = "a passphrase of the kit"
HEADER = Header(stack="dev", made="2026-11-21T09:30:00Z", data_tier="0.1.0")
CONTENTS = Contents(
    passphrase="of-the-state",
    stack_file="config:\n  data-tier:prefix: shop\n",
    files={"sql/begin.sql": "SELECT 'ä'"},
    deployment={"resources": [{"urn": "urn:pulumi:dev::data-tier::random::a"}]},
    servers={"unified": {"system": 7}},
)


@pytest.fixture(scope="module")
def sealed() -> bytes:
    return kit.seal(HEADER, CONTENTS, WORD)


def test_a_kit_opens_to_what_was_put_into_it(sealed: bytes) -> None:
    assert kit.header(sealed, "kit") == HEADER
    assert kit.open_(sealed, WORD, "kit") == CONTENTS


def test_nothing_of_what_it_holds_is_in_plain(sealed: bytes) -> None:
    text = sealed.decode()
    assert not re.search("of-the-state|prefix|begin.sql|resources|unified", text)
    assert json.loads(text.splitlines()[0])["stack"] == "dev"


def test_two_kits_of_the_same_have_no_key_in_common(sealed: bytes) -> None:
    assert sealed.splitlines()[1] != kit.seal(HEADER, CONTENTS, WORD).splitlines()[1]


def test_another_passphrase_is_refused_in_one_line(sealed: bytes) -> None:
    with pytest.raises(OperateError, match="doesn't open: the passphrase is another one") as told:
        kit.open_(sealed, "another passphrase", "the.kit")
    assert "another passphrase" not in str(told.value)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b'"stack": "dev"', b'"stack": "prod"'),  # whose it is can't be changed either
        (b'"made": "2026', b'"made": "2027'),
        (b"=\n", b"\n"),
    ],
)
def test_a_changed_kit_is_not_opened(sealed: bytes, before: bytes, after: bytes) -> None:
    changed = sealed.replace(before, after) if before in sealed else sealed[:-9] + b"\n"
    assert changed != sealed
    with pytest.raises(OperateError, match="damaged"):
        kit.open_(changed, WORD, "the.kit")


def test_half_a_kit_is_not_opened(sealed: bytes) -> None:
    with pytest.raises(OperateError, match="damaged"):
        kit.open_(sealed[: len(sealed) // 2], WORD, "the.kit")


def test_a_kit_that_asks_for_all_memory_is_damaged(sealed: bytes) -> None:
    with pytest.raises(OperateError, match="damaged"):
        kit.open_(sealed.replace(b'"n": 131072', b'"n": 1073741824'), WORD, "the.kit")


@pytest.mark.parametrize("data", [b"", b"\xff\xfe", b"[]\n", b'{"format": "other"}\n', b"config:\n"])
def test_another_file_is_no_kit(data: bytes) -> None:
    with pytest.raises(OperateError, match="no recovery kit"):
        kit.open_(data, WORD, "the.kit")


def test_a_later_format_names_the_version_that_reads_it(sealed: bytes) -> None:
    later = sealed.replace(b'"version": 1', b'"version": 2')
    with pytest.raises(OperateError, match=r"version 2.*use data-tier 0\.1\.0"):
        kit.header(later, "the.kit")


def test_a_passphrase_comes_from_a_file_before_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(passphrase.VARIABLE, "from the environment")
    file = tmp_path / "word"
    file.write_text("from a file it is\n")
    assert passphrase.chosen(file) == "from a file it is"
    assert passphrase.known(None) == "from the environment"


def test_a_short_passphrase_makes_no_kit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(passphrase.VARIABLE, "short")
    with pytest.raises(OperateError, match="12 characters or more") as told:
        passphrase.chosen(None)
    assert "short" not in str(told.value).split(":")[0]


def test_without_a_terminal_it_says_where_a_passphrase_can_come_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(passphrase.VARIABLE, raising=False)
    with pytest.raises(OperateError, match="--passphrase-file"):
        passphrase.known(None)


def test_two_different_answers_make_no_kit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(passphrase.VARIABLE, raising=False)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    answers = iter(["one passphrase", "another passphrase"])
    monkeypatch.setattr("getpass.getpass", lambda _: next(answers))
    with pytest.raises(OperateError, match="aren't the same"):
        passphrase.chosen(None)
