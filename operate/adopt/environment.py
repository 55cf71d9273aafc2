"""Which variables of a unit become an app's `env`, and which stay behind and why. Pure; no value is ever told."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

from operate.adopt.names import is_variable
from operate.adopt.unit import Left, Unit, unresolved
from operate.audit.scan import kinds

_SECRET_NAME: Final = re.compile(
    r"PASS|SECRET|TOKEN|CREDENTIAL|PRIVATE|API_?KEY|ACCESS_?KEY|SALT|(?:^|_)KEYS?$|_AUTH$|_PW$|ENCRYPTION|SIGNATURE|JWT"
)
_SECRET_URL: Final = re.compile(r"://[^\s/@]*:[^\s/@]+@")
_FILE: Final = re.compile(r"/run/secrets/.*")
_OPEN: Final = frozenset({"", "true", "false", "yes", "no", "0", "1"})


@dataclass
class Environment:
    """`plain` becomes `env`; `secrets` are names whose values a person gives; `left` says why others aren't there."""

    plain: dict[str, str] = field(default_factory=dict)
    secrets: list[str] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)


def sort(unit: Unit, connecting: Collection[str], renamed: Mapping[str, str]) -> Environment:
    """A unit's variables but those that connect it to stores; `renamed` are host names that have changed."""
    found = Environment()
    for name, value in unit.env.items():
        if name in connecting:
            continue
        if _is_secret(name, value):
            found.secrets.append(name)
        elif unresolved(value):
            _leave(found, unit, name, "it has no value here", "write it into `env`")
        elif not is_variable(name):
            _leave(found, unit, name, "the stack sets this name, or can't have it", "give it another name")
        elif _FILE.fullmatch(value):
            _leave(
                found, unit, name, "the file isn't there: /run/secrets holds the stack's own", "give it by the image"
            )
        else:
            found.plain[name] = _rewritten(value, renamed)
    return found


def secrets_of(unit: Unit, connecting: Collection[str]) -> list[str]:
    """The variables of a unit's connections and of a server that hold a password."""
    return [name for name, value in unit.env.items() if name in connecting and _is_secret(name, value)]


def _is_secret(name: str, value: str) -> bool:
    if value.lower() in _OPEN:
        return False
    if _SECRET_NAME.search(name.upper()) and not _FILE.fullmatch(value):
        return True
    return bool(kinds(value, name) or _SECRET_URL.search(value))


def _leave(found: Environment, unit: Unit, name: str, reason: str, todo: str) -> None:
    found.left.append(Left(service=unit.name, key=f"environment: {name}", reason=reason, todo=todo))


def _rewritten(value: str, renamed: Mapping[str, str]) -> str:
    """The value with host names that have changed, in URLs and where it is nothing else."""
    for old, new in renamed.items():
        value = re.sub(rf"(?:(?<=://)|(?<=@)|^){re.escape(old)}(?=[:/]|$)", new, value)
    return value
