"""Refuses membership in a role that reaches beyond one database, however it is given.

PostgreSQL keeps `pg_` for its own roles, so all of them are meant, those of later versions too.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from policies.rule import ResourceRule, Settings, Severity, Subject, names
from policies.rules.postgresql._types import GRANT_ROLE, ROLE
from policies.scalars import identifier

_PREDEFINED: Final = "pg_"
_ADMINISTRATORS: Final = [
    "postgres", "admin", "root", "rdsadmin", "rds_superuser", "rds_replication", "cloudsqladmin", "cloudsqlsuperuser",
    "alloydbsuperuser", "azuresu", "azure_superuser", "azure_pg_admin", "neon_superuser", "supabase_admin",
]  # fmt: skip


def _check(subject: Subject, settings: Settings) -> Iterator[str]:
    if subject.type == GRANT_ROLE:
        given, member = [("grantRole", subject.get("grantRole"))], subject.get("role")
    else:
        roles = [(f"roles[{at}]", role) for at, role in subject.reader.items(subject.props, "roles")]
        given, member = [*roles, ("assumeRole", subject.get("assumeRole"))], subject.get("name")
    for where, role in given:
        if _is_powerful(role, settings) and not _is_allowed(role, member, settings):
            yield f"{where}: membership in {role} reaches beyond the role's own database"


def _is_powerful(role: Any, settings: Settings) -> bool:
    name = identifier(role)
    return name.startswith(_PREDEFINED) or name in {identifier(one) for one in settings["refused"]}


def _is_allowed(role: Any, member: Any, settings: Settings) -> bool:
    """Whether the settings name this member for this role."""
    members = {identifier(key): value for key, value in settings["allowed"].items()}.get(identifier(role), ())
    return bool(identifier(member)) and identifier(member) in {identifier(one) for one in members}


RULE = ResourceRule(
    name="refuse-powerful-membership",
    description="No role is a member of PostgreSQL's predefined roles or of an administrator.",
    why="pg_read_all_data reads every schema, pg_execute_server_program runs programs on the host, pg_monitor shows "
    "the statements of all apps: a membership is as good as the attribute that the role wasn't given.",
    remedy="Take the membership away and grant on the role's own schemas, or name the member under `allowed`",
    severity=Severity.CRITICAL,
    types=frozenset({ROLE, GRANT_ROLE}),
    settings={
        "refused": names("Administrators' roles, beside all that begin with `pg_`.", _ADMINISTRATORS),
        "allowed": {
            "type": "object",
            "additionalProperties": {"type": "array", "items": {"type": "string", "minLength": 1}},
            "default": {
                **{one: ["data_tier_watchdog"] for one in ("pg_read_all_stats", "pg_signal_backend")},
                "pg_monitor": ["data_tier_exporter_a", "data_tier_exporter_b"],
                # without a password, by the server's socket alone, from the container that has the data folder anyway
                **{one: ["data_tier_backup"] for one in ("pg_read_all_data", "pg_read_all_settings")},
            },
            "description": "Per role the members that it may have, as in `pg_monitor: [exporter]`.",
        },
    },
    check=_check,
)
