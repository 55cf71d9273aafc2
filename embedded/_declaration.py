"""What Pulumi.yaml declares of one configuration key, and the check of a stack's value against it.

Source: the CLI's own rules, sdk/go/common/workspace/project.go; its messages are kept.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from embedded.errors import EngineError

_TYPES: Final = ("string", "integer", "boolean", "array", "object")
_KEYS: Final = ("type", "description", "items", "default", "value", "secret")


@dataclass(frozen=True)
class Declaration:
    """One declared key. `type` is "" where none is declared; `preset` is the default or fixed value, None for none."""

    key: str
    type: str = ""
    items: Mapping[str, Any] | None = None
    description: str = ""
    preset: Any = None
    secret: bool = False

    @classmethod
    def parse(cls, file: Path, key: str, value: Any, *, own: bool) -> Declaration:
        """The declaration under `key`; `own` says whether the key is in the project's namespace. Raises EngineError."""
        if not isinstance(value, Mapping):
            return cls(key=key, preset=value)
        where = f"{file}: config.{key}"
        unknown = sorted(str(name) for name in value if name not in _KEYS)
        if unknown:
            raise EngineError(f"{where}: unknown attribute {', '.join(unknown)}; known are {', '.join(_KEYS)}")
        if "default" in value and "value" in value:
            raise EngineError(f"{where}: cannot have both a 'default' and 'value' attribute")
        made = cls(
            key=key,
            type=str(value.get("type") or ""),
            items=value.get("items"),
            description=str(value.get("description") or ""),
            preset=value.get("default", value.get("value")),
            secret=bool(value.get("secret")),
        )
        made._check_itself(where, own=own, has_default="default" in value)
        return made

    @property
    def type_name(self) -> str:
        """The type as messages name it: `array<string>`."""
        return _full_name(self.type, self.items)

    def accepts(self, value: Any) -> bool:
        """Whether a value is of the declared type; anything is where none is declared."""
        return not self.type or _accepts(self.type, self.items, value)

    def _check_itself(self, where: str, *, own: bool, has_default: bool) -> None:
        if self.type and self.type not in _TYPES:
            raise EngineError(f"{where}: type {self.type!r} is none of {', '.join(_TYPES)}")
        if not own and (self.type or has_default):
            raise EngineError(f"{where}: is not namespaced by the project, so it can only have a 'value'")
        if not own and self.preset is None:
            raise EngineError(f"{where}: is namespaced and must provide an attribute 'value'")
        if self.type == "array" and not (isinstance(self.items, Mapping) and self.items.get("type")):
            raise EngineError(f"{where}: declares an array but not the type of its items, `items: {{type: …}}`")
        if has_default and not self.accepts(self.preset):
            raise EngineError(f"{where}: the default is not of the expected type '{self.type_name}'")


def _full_name(type: str, items: Mapping[str, Any] | None) -> str:
    return f"array<{_full_name(str(items.get('type')), items.get('items'))}>" if items else type


def _accepts(type: str, items: Mapping[str, Any] | None, value: Any) -> bool:
    if type == "string":
        return isinstance(value, str)
    if type == "integer":
        if isinstance(value, str):
            return re.fullmatch(r"[-+]?\d+", value) is not None
        return not isinstance(value, bool) and isinstance(value, (int, float)) and value == int(value)
    if type == "boolean":
        return isinstance(value, bool) or value in ("true", "false")
    if type == "object":
        return isinstance(value, Mapping)
    return (
        isinstance(value, list)
        and items is not None
        and all(_accepts(str(items.get("type")), items.get("items"), item) for item in value)
    )
