"""Warns of a role's password that goes to the server in plain instead of as a SCRAM verifier."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from policies.rule import Level, ResourceRule, Settings, Severity, Subject
from policies.rules.postgresql._types import ROLE
from policies.rules.postgresql.role.refuse_weak_role_password import HASHED
from policies.scalars import is_off

_MD5: Final = re.compile("md5[0-9a-f]{32}")


def _check(subject: Subject, _: Settings) -> Iterator[str]:
    """Missing and empty are no password: nobody logs in with one."""
    for key in ("password", "passwordWo"):
        password = subject.get(key)
        if password in (None, ""):
            continue
        if _MD5.fullmatch(str(password)):
            yield f"{key}: an MD5 hash is as good as the password, and later versions of PostgreSQL refuse it"
        elif not HASHED.fullmatch(str(password)):
            yield f"{key}: the password is sent as SQL text, which ends up in the server's log"
    encrypted = (subject.get("encryptedPassword"), subject.get("encrypted"))
    if any(is_off(one) and one != "" for one in encrypted):
        yield "encryptedPassword: the password would be stored in plain"


RULE = ResourceRule(
    name="refuse-plain-role-password",
    description="A role's password is a SCRAM verifier.",
    why="ALTER ROLE with a plain password is written to the log wherever statements are logged or one fails. Advisory: "
    "the server stores a verifier of it all the same.",
    remedy="Pass the SCRAM-SHA-256 verifier of the password",
    severity=Severity.MEDIUM,
    level=Level.ADVISORY,
    types=frozenset({ROLE}),
    check=_check,
)
