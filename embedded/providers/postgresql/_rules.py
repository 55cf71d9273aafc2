"""What PostgreSQL would refuse in a grant, said before anything runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from embedded.providers.base import CheckFailure
from embedded.providers.postgresql._schemas import DEFAULT_PRIVILEGES, GRANT
from embedded.values import UNKNOWN, Properties

PUBLIC: Final = "public"
ALL: Final = "ALL"
MAINTAIN: Final = "MAINTAIN"  # tables only, since PostgreSQL 17

ALLOWED: Final = {
    "database": ("CONNECT", "CREATE", "TEMPORARY"),
    "schema": ("CREATE", "USAGE"),
    "table": ("DELETE", "INSERT", MAINTAIN, "REFERENCES", "SELECT", "TRIGGER", "TRUNCATE", "UPDATE"),
    "sequence": ("SELECT", "UPDATE", "USAGE"),
    "function": ("EXECUTE",),
    "type": ("USAGE",),
}
"""Privileges by object type, as PostgreSQL's documentation of GRANT lists them."""


def problems(type: str, inputs: Properties) -> list[CheckFailure]:
    """Why checked inputs of a resource type can't be carried out; nothing for what is not known yet."""
    return list(_RULES[type](inputs)) if type in _RULES else []


def _grant(inputs: Properties) -> Iterator[CheckFailure]:
    kind = inputs["objectType"]
    if kind is not UNKNOWN and kind != "database" and not inputs.get("schema"):
        yield CheckFailure("schema", f"postgresql Grant needs the property 'schema' for objectType '{kind}'; set it")
    if kind in ("database", "schema") and inputs.get("objects"):
        yield CheckFailure("objects", f"postgresql Grant takes no 'objects' for objectType '{kind}'; remove them")
    for index, name in enumerate(_known(inputs.get("objects"))):
        if "(" in str(name):
            reason = "postgresql Grant on a function by its arguments is not carried by the embedded engine"
            yield CheckFailure(f"objects[{index}]", f"{reason}; use the Pulumi CLI")
    yield from _common("Grant", inputs)


def _default_privileges(inputs: Properties) -> Iterator[CheckFailure]:
    if inputs["objectType"] == "schema" and inputs.get("schema"):
        reason = "postgresql DefaultPrivileges takes no 'schema' for objectType 'schema'; remove it"
        yield CheckFailure("schema", reason)
    yield from _common("DefaultPrivileges", inputs)


def _common(title: str, inputs: Properties) -> Iterator[CheckFailure]:
    if inputs.get("withGrantOption") is True and inputs["role"] == PUBLIC:
        reason = f"postgresql {title} can't give 'withGrantOption' to 'public'; name a role"
        yield CheckFailure("withGrantOption", reason)
    allowed = ALLOWED.get(inputs["objectType"]) if isinstance(inputs["objectType"], str) else None
    if allowed is None:
        return
    for index, word in enumerate(_known(inputs["privileges"])):
        if word is not UNKNOWN and word not in (*allowed, ALL):
            reason = f"postgresql {title}: '{word}' is no privilege on a {inputs['objectType']} ({', '.join(allowed)})"
            yield CheckFailure(f"privileges[{index}]", reason)


def _known(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else []


_RULES: Final[dict[str, Callable[[dict[str, Any]], Iterator[CheckFailure]]]] = {
    GRANT.type: _grant,
    DEFAULT_PRIVILEGES.type: _default_privileges,
}
