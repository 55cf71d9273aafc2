"""Where the statements of an SQL file begin: for messages, and for what a file that runs in one transaction can't say.

Pure. The server itself splits what runs; this only finds the place that it complains about.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from sqlglot.dialects.postgres import Postgres
from sqlglot.errors import TokenError
from sqlglot.tokenizer_core import Token, TokenType

_TRANSACTION: Final = frozenset({"BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT", "PREPARE TRANSACTION"})
_LONGEST: Final = 100


@dataclass(frozen=True)
class Statement:
    """One statement: the line that it begins in, counted from 1, and its text."""

    line: int
    text: str

    @property
    def short(self) -> str:
        """Its first words, on one line."""
        words = " ".join(self.text.split())
        return words if len(words) <= _LONGEST else f"{words[: _LONGEST - 3]}..."

    @property
    def controls_transaction(self) -> bool:
        """Whether it begins or ends a transaction. ROLLBACK TO a savepoint does neither."""
        words = self.text.upper().rstrip(";").split()
        if words[:1] == ["ROLLBACK"] and "TO" in words[:3]:
            return False
        return bool(words) and (words[0] in _TRANSACTION or " ".join(words[:2]) in _TRANSACTION)


def statements(text: str) -> list[Statement]:
    """The statements of `text` in order; none where quotes or comments don't end: the server says where."""
    try:
        tokens = list(Postgres.Tokenizer().tokenize(text))
    except TokenError:
        return []
    return [_statement(text, part) for part in _parts(tokens)]


def line_at(text: str, position: int) -> int:
    """The line, from 1, of a character that the server counted from 1."""
    return text.count("\n", 0, max(0, position - 1)) + 1


def statement_at(text: str, line: int) -> Statement | None:
    """The statement that `line` is part of."""
    begun = [one for one in statements(text) if one.line <= line]
    return begun[-1] if begun else None


def _parts(tokens: list[Token]) -> Iterator[list[Token]]:
    """Between semicolons; those in the body of a function written as BEGIN ATOMIC belong to it."""
    part: list[Token] = []
    depth = 0
    for token in tokens:
        depth = _depth(depth, part, token)
        if token.token_type == TokenType.SEMICOLON and depth == 0:
            if part:
                yield part
            part = []
        else:
            part.append(token)
    if part:
        yield part


def _depth(depth: int, part: list[Token], token: Token) -> int:
    word = token.text.upper()
    if word == "ATOMIC" and part and part[-1].text.upper() == "BEGIN":
        return 1
    if depth and word == "CASE":
        return depth + 1
    return depth - 1 if depth and word == "END" else depth


def _statement(text: str, part: list[Token]) -> Statement:
    return Statement(line=line_at(text, part[0].start + 1), text=text[part[0].start : part[-1].end + 1])
