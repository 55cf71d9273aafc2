"""The stream of commands that a copy of Redis is: read to its end, and nothing else than an app's keys."""

from __future__ import annotations

import io

import pytest

from operate.backup import redis
from operate.errors import OperateError

WHOLE = (
    redis._command(b"SELECT", b"0")
    + redis._command(b"RESTORE", b"shop:a", b"0", b"\x00\r\n*3\r\n", b"REPLACE")
    + redis._command(b"SELECT", b"3")
    + redis._command(b"RESTORE", b"shop:b", b"900", b"", b"REPLACE")
)


def test_keys_come_with_their_numbers_and_contents() -> None:
    found = list(redis.keys(io.BytesIO(WHOLE), "shop"))
    assert [(key.number, key.name, key.left, key.content) for key in found] == [
        (0, b"shop:a", 0, b"\x00\r\n*3\r\n"),
        (3, b"shop:b", 900, b""),
    ]
    assert redis.numbers(io.BytesIO(WHOLE)) == [0, 3]
    assert redis.read(io.BytesIO(b""), "shop") == 0


def test_every_cut_in_the_middle_of_a_command_is_seen() -> None:
    ends = {0, len(redis._command(b"SELECT", b"0"))}
    ends |= {WHOLE.index(b"*2", 5), WHOLE.rindex(b"*5"), len(WHOLE)}
    for length in set(range(len(WHOLE))) - ends:
        with pytest.raises(OperateError, match="isn't a whole stream"):
            redis.read(io.BytesIO(WHOLE[:length]), "shop")


@pytest.mark.parametrize("words", [
    (b"RESTORE", b"wiki:a", b"0", b"x", b"REPLACE"), (b"RESTORE", b"shopping:a", b"0", b"x", b"REPLACE"),
    (b"FLUSHALL",), (b"RESTORE", b"shop:a", b"0", b"x"), (b"CONFIG", b"SET", b"a", b"b"),
])  # fmt: skip
def test_anything_but_the_apps_own_keys_is_refused(words: tuple[bytes, ...]) -> None:
    with pytest.raises(OperateError, match="more than keys of shop"):
        redis.read(io.BytesIO(WHOLE + redis._command(*words)), "shop")


def test_lines_are_read_in_parts_and_their_error_is_kept() -> None:
    fed = redis.Fed(iter([b"abc", b"", b"de"]))
    assert [fed.read(2) for _ in range(4)] == [b"ab", b"c", b"de", b""]

    def broken():
        yield b"a"
        raise OperateError("broken")

    fed = redis.Fed(broken())
    assert (fed.read(5), fed.read(5), str(fed.failed)) == (b"a", b"", "broken")
