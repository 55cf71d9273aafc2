"""Refuses privileges on what isn't the app's own: the server's catalog, foreign servers, languages, tablespaces."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from policies.rule import ResourceRule, Settings, Severity, Subject
from policies.rules.postgresql._types import GRANT
from policies.scalars import identifier

_CATALOGS: Final = "pg_"
_REACHES: Final = {
    "foreign_data_wrapper": "its holder makes servers that connect to other places",
    "foreign_server": "its holder connects to another place",
    "language": "its holder writes functions in the language",
    "tablespace": "its holder writes to a place of its own on the host",
    "parameter": "its holder changes the server's settings",
}


def _check(subject: Subject, _: Settings) -> Iterator[str]:
    """An empty list takes privileges away; one that isn't known yet is asked again."""
    privileges = subject.get("privileges")
    known = any(True for _ in subject.reader.items(subject.props, "privileges"))
    if privileges is None or (isinstance(privileges, Sequence) and not isinstance(privileges, str) and not known):
        return
    reaches = _REACHES.get(identifier(subject.get("objectType")).replace(" ", "_"))
    if reaches:
        yield f"objectType: {reaches}"
    if identifier(subject.get("schema")).startswith(_CATALOGS):
        yield "schema: the server's own catalog holds password hashes and functions that read its host's files"


RULE = ResourceRule(
    name="refuse-system-grant",
    description="Nobody is granted anything on the server's catalog, foreign servers, languages or tablespaces.",
    why="SELECT on pg_authid shows every password hash, EXECUTE on pg_read_file reads the host's files: a grant is as "
    "good as the membership that another rule refuses.",
    remedy="Grant on the app's own schemas only",
    severity=Severity.HIGH,
    types=frozenset({GRANT}),
    check=_check,
)
