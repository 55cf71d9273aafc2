"""Refuses functions that run as somebody else or outside of SQL's checks, or whose properties carry SQL of their own.

The provider puts its properties into the statement as they are: a type of `integer SECURITY DEFINER` is a clause.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from policies.rule import ResourceRule, Settings, Severity, Subject
from policies.rules.postgresql._types import FUNCTION
from policies.scalars import identifier, is_on
from policies.texts import told_by_text

_SAFE: Final = frozenset({"", "sql", "plpgsql"})  # "" is the provider's default: plpgsql
_NAME: Final = r'(?:"[^"]{1,63}"|[a-z_][\w$]{0,62})'
_TYPE: Final = (
    rf"(?:{_NAME}\.)?(?:character varying|double precision|bit varying|national character|{_NAME})"
    r"(?:\(\s?\d{1,9}\s?(?:,\s?-?\d{1,9}\s?)?\))?(?: with(?:out)? time zone|%type)?(?:\s?\[\d{0,9}\])*"
)
_COLUMN: Final = rf"\s?{_NAME}\s+{_TYPE}\s?"
_RETURNS: Final = rf"(?:setof )?{_TYPE}|table\s?\({_COLUMN}(?:,{_COLUMN})*\)"
_WORDS: Final = {
    "name": _NAME,
    "schema": _NAME,
    "returns": _RETURNS,
    "volatility": "volatile|stable|immutable",
    "parallel": "unsafe|restricted|safe",
}
_PARTS: Final = {"name": _NAME, "type": _TYPE, "mode": "in|out|inout|in out|variadic"}
_END: Final = "$function$"  # the provider's own quotes around the body


def _check(subject: Subject, _: Settings) -> Iterator[str]:
    if identifier(subject.get("language")) not in _SAFE:
        yield "language: code of this language isn't held by the server's checks (sql and plpgsql are)"
    if is_on(subject.get("securityDefiner")):
        yield "securityDefiner: the function runs with the rights of the provider's login, mostly a superuser"
    for key, pattern in _WORDS.items():
        if not _is(pattern, subject.get(key)):
            yield f"{key}: it is no plain name of its kind, so it may be a clause of the statement"
    for at, argument in subject.reader.items(subject.props, "args"):
        for key, pattern in _PARTS.items():
            if not _is(pattern, subject.reader.get(argument, key)):
                yield f"args[{at}].{key}: it is no plain name of its kind, so it may be a clause of the statement"
        if re.search(r";|--|/\*|\b(?:security|language|returns)\b", str(subject.reader.get(argument, "default")), re.I):
            yield f"args[{at}].default: it is more than a value"
    body = subject.get("body")
    if isinstance(body, str):
        if _END in body:
            yield f"body: it ends the quotes around it ({_END})"
        yield from (f"body: the text {meaning}" for meaning in told_by_text(body))


def _is(pattern: str, value: Any) -> bool:
    """Whether a value is missing, empty, or wholly of the pattern; blanks count as one."""
    text = " ".join(str(value or "").split())
    return len(text) < 2_000 and (not text or re.fullmatch(pattern, text, re.IGNORECASE) is not None)  # noqa: PLR2004


RULE = ResourceRule(
    name="refuse-unsafe-function",
    description="Functions are in sql or plpgsql, run as their caller, and say nothing beside their body.",
    why="Functions in C or an untrusted language run anything on the host as the server's user. One that runs as its "
    "owner gives each caller the owner's rights, and EXECUTE belongs to PUBLIC from the start.",
    remedy="Write it in sql or plpgsql without `securityDefiner`, with plain types, and declare roles and grants as "
    "resources",
    severity=Severity.HIGH,
    types=frozenset({FUNCTION}),
    check=_check,
)
