"""Refuses passwords made by a resource whose result is no secret: it stands in plain in state and logs.

Told by the resource's name; ids and salts, which needn't be secret, are left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from policies.rule import ResourceRule, Settings, Severity, Subject

_READABLE: Final = frozenset(
    f"random:index/{one[0].lower()}{one[1:]}:{one}"
    for one in (
        "RandomString", "RandomPet", "RandomInteger", "RandomUuid", "RandomUuid4", "RandomUuid7", "RandomShuffle",
        "RandomId",
    )
)  # fmt: skip
_SECRET: Final = re.compile(
    r"pass(?:word|wd|phrase)|secret|token|credential|pwd"
    r"|(?:^|[-_.])(?:pw|pass|pin|creds?|login|auth|api[-_]?key)\d*(?:$|[-_.])"
)
_BESIDE: Final = re.compile(r"[-_.](?:suffix|prefix|salt)\d*$")  # what stands beside a secret's name is none


def _check(subject: Subject, _: Settings) -> Iterator[str]:
    spelled = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", subject.name).lower()
    if _SECRET.search(spelled) and not _BESIDE.search(spelled):
        yield "the name says that it is a secret, but the result of this type is kept and shown in plain"


RULE = ResourceRule(
    name="refuse-readable-password",
    description="Passwords come from RandomPassword or RandomBytes.",
    why="Results of the other types aren't marked as secret: they are in the state, in plans and in logs as they are.",
    remedy="Use random.RandomPassword, or a name that says what the value is for",
    severity=Severity.HIGH,
    types=_READABLE,
    check=_check,
)
