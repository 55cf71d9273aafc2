"""Refuses a database or schema whose owner may log in.

A stack rule, for only the owner's own resource says whether it may. An owner that the stack doesn't declare can't be
judged, so it must be listed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from policies.rule import Finding, Settings, Severity, StackRule, Subject, names
from policies.rules.postgresql._types import DATABASE, ROLE, SCHEMA
from policies.scalars import identifier, is_on


def _check(subjects: Sequence[Subject], settings: Settings) -> Iterator[Finding]:
    """Servers have roles of their own: names are compared within one provider."""
    roles = [subject for subject in subjects if subject.type == ROLE]
    declared = {_key(role, _name(role)) for role in roles}
    logins = {_key(role, _name(role)) for role in roles if is_on(role.get("login"))}
    listed = {identifier(one) for one in settings["owners"]}
    for subject in subjects:
        owner = identifier(subject.get("owner")) if subject.type in (DATABASE, SCHEMA) else ""
        if owner and _key(subject, owner) in logins:
            yield Finding("owner: the owner is a role that may log in", subject.urn)
        elif owner and owner not in listed and _key(subject, owner) not in declared:
            yield Finding("owner: it is no role of this stack, so it may be one that logs in", subject.urn)


def _key(subject: Subject, name: str) -> tuple[str, str]:
    return subject.provider, name


def _name(role: Subject) -> str:
    """The role's name; the resource's where none is given."""
    return identifier(role.get("name")) or identifier(role.name)


RULE = StackRule(
    name="refuse-login-owner",
    description="Databases and schemas belong to roles that can't log in.",
    why="An owner drops and alters everything and grants it to anyone. An app that logs in as owner loses all data to "
    "one injected statement.",
    remedy="Give it to a role without login, and let a migration login be a member; list owners from elsewhere under "
    "`owners`",
    severity=Severity.HIGH,
    settings={"owners": names("Owners that another stack declares, known not to log in.")},
    check=_check,
)
