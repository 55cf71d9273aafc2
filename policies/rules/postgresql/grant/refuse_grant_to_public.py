"""Refuses privileges for PUBLIC: every role of the server has them, those of other apps too.

A grant with an empty list takes PUBLIC's privileges away, which is what it should be used for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from policies.rule import ResourceRule, Settings, Severity, Subject
from policies.rules.postgresql._types import GRANT_ROLE, GRANTS, SCHEMA
from policies.scalars import identifier, is_on

_PUBLIC: Final = "public"
_USES: Final = ("create", "createWithGrant", "usage", "usageWithGrant")


def _check(subject: Subject, _: Settings) -> Iterator[str]:
    if subject.type == SCHEMA:
        yield from _policies(subject)
        return
    if identifier(subject.get("role")) != _PUBLIC:
        return
    if subject.type == GRANT_ROLE:
        yield "role: every role would become a member"
    elif _holds_some(subject.get("privileges"), [one for _, one in subject.reader.items(subject.props, "privileges")]):
        yield "privileges: every role of the server is granted them"


def _holds_some(privileges: Any, known: list[Any]) -> bool:
    """Whether a list of privileges holds one; what is no list might."""
    if privileges is None:
        return False
    return bool(known) or isinstance(privileges, str) or not isinstance(privileges, Sequence)


def _policies(subject: Subject) -> Iterator[str]:
    """A schema's own grants; one without a role is for PUBLIC."""
    for at, policy in subject.reader.items(subject.props, "policies"):
        role = subject.reader.get(policy, "role", unknown="not known yet")
        if identifier(role) in ("", _PUBLIC) and any(is_on(subject.reader.get(policy, use)) for use in _USES):
            yield f"policies[{at}]: every role of the server may use the schema (no role is PUBLIC)"


RULE = ResourceRule(
    name="refuse-grant-to-public",
    description="PUBLIC is granted nothing.",
    why="A login of any app then enters this app's database or schema: the fence between them is gone.",
    remedy="Grant to the app's own group; an empty list of privileges takes PUBLIC's away",
    severity=Severity.CRITICAL,
    types=GRANTS | {GRANT_ROLE, SCHEMA},
    check=_check,
)
