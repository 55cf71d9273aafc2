"""Refuses membership in the login by which the stack manages its server, whatever it is called.

A stack rule, for only the provider's own resource says who that is. Where it isn't known which provider an object has,
the logins of all of them count.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from policies.rule import Finding, Settings, Severity, StackRule, Subject
from policies.rules.postgresql._types import GRANT_ROLE, PROVIDER, ROLE
from policies.scalars import identifier


def _check(subjects: Sequence[Subject], _: Settings) -> Iterator[Finding]:
    logins = {one.urn: _names(one.get("username")) for one in subjects if one.type == PROVIDER}
    everybody = frozenset().union(*logins.values())
    for subject in subjects:
        if subject.type in (ROLE, GRANT_ROLE):
            refused = logins.get(subject.provider, everybody)
            for where, role in _given(subject):
                if identifier(role) in refused:
                    yield Finding(f"{where}: it is the login that manages the server", subject.urn)


def _names(username: Any) -> frozenset[str]:
    """The login's role; some clouds want the server behind it, as in `admin@server`."""
    name = identifier(username)
    return frozenset({name, name.split("@")[0]}) - {""}


def _given(subject: Subject) -> Iterator[tuple[str, Any]]:
    """Where each membership stands, and the role that it is in."""
    if subject.type == GRANT_ROLE:
        yield "grantRole", subject.get("grantRole")
        return
    yield from ((f"roles[{at}]", role) for at, role in subject.reader.items(subject.props, "roles"))
    yield "assumeRole", subject.get("assumeRole")


RULE = StackRule(
    name="refuse-administrator-membership",
    description="No role is a member of the login that manages its server.",
    why="That login is mostly a superuser: a member takes its place with SET ROLE.",
    remedy="Take the membership away and grant on the role's own database",
    severity=Severity.CRITICAL,
    check=_check,
)
