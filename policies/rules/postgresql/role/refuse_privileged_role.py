"""Refuses a role that may do more than an app needs: superuser, new roles or databases, replication, row security."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.rule import ResourceRule, Settings, Severity, Subject
from policies.rules.postgresql._types import ROLE
from policies.scalars import identifier, is_on

ATTRIBUTES: Final = {
    "superuser": "passes every check of the server and runs programs on its host",
    "createRole": "makes roles and gives them memberships",
    "createDatabase": "makes databases of its own, and copies others as templates",
    "replication": "reads all data of all databases as a standby",
    "bypassRowLevelSecurity": "reads every row whatever the policies say",
}


def _check(subject: Subject, settings: Settings) -> Iterator[str]:
    name = identifier(subject.get("name"))
    for attribute, meaning in ATTRIBUTES.items():
        allowed = {identifier(one) for one in settings["allowed"].get(attribute, ())} - {""}
        if is_on(subject.get(attribute)) and name not in allowed:
            yield f"{attribute}: the role {meaning}"


RULE = ResourceRule(
    name="refuse-privileged-role",
    description="Roles have none of superuser, createRole, createDatabase, replication and bypassRowLevelSecurity.",
    why="An app with one of them isn't fenced into its database: each leads to the others' data or to the host.",
    remedy="Take the attribute away and grant what it needs on its own database, or name the role under `allowed`",
    severity=Severity.CRITICAL,
    types=frozenset({ROLE}),
    settings={
        "allowed": {
            "type": "object",
            "default": {
                "bypassRowLevelSecurity": ["data_tier_backup"],  # backups have every row
                "replication": ["data_tier_replication"],
            },
            "description": "Per attribute the names of the roles that need it, as a standby's replication login does.",
            "properties": {one: {"type": "array", "items": {"type": "string", "minLength": 1}} for one in ATTRIBUTES},
            "additionalProperties": False,
        }
    },
    check=_check,
)
