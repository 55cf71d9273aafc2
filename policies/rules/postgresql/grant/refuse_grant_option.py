"""Refuses privileges and memberships that their holder may pass on."""

from __future__ import annotations

from collections.abc import Iterator

from policies.rule import ResourceRule, Settings, Severity, Subject
from policies.rules.postgresql._types import GRANT_ROLE, GRANTS, SCHEMA
from policies.scalars import is_on


def _check(subject: Subject, _: Settings) -> Iterator[str]:
    for key in ("withGrantOption", "withAdminOption"):
        if is_on(subject.get(key)):
            yield f"{key}: the holder may pass it on to any role"
    for at, policy in subject.reader.items(subject.props, "policies") if subject.type == SCHEMA else ():
        for key in ("createWithGrant", "usageWithGrant"):
            if is_on(subject.reader.get(policy, key)):
                yield f"policies[{at}].{key}: the holder may pass it on to any role"


RULE = ResourceRule(
    name="refuse-grant-option",
    description="Nobody may pass on what is granted to them.",
    why="A login that passes its privileges on, to PUBLIC or to another app, undoes what the stack declares, unseen.",
    remedy="Remove the option and declare each grant in the stack",
    severity=Severity.HIGH,
    types=GRANTS | {GRANT_ROLE, SCHEMA},
    check=_check,
)
