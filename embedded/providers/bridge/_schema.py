"""The table that describes a resource type, and the normal form of values that comparisons use."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, Literal

from embedded.values import UNKNOWN

Kind = Literal["string", "integer", "number", "boolean", "list", "set", "map", "object"]

_ZERO: Final[Mapping[str, Any]] = {"string": "", "integer": 0, "number": 0, "boolean": False, "map": {}, "object": None}


@dataclass(frozen=True, kw_only=True)
class Property:
    """One property of a resource type or of a nested block.

    `element` describes the items of a list, set or map; a `Schema` makes them (or, with kind `object`, the value
    itself) nested blocks. Terraform calls `replaces` ForceNew. `computed` means that the server fills in what the
    program leaves out; `output` that the program may not set it at all. `upstream` is the Terraform name where it is
    not the snake-case form of `name`. `carried=False` refuses the property by name. `autonamed` gives a missing value
    a random name. `invalid` answers why a known value is refused, or None. `normal` maps a value to the form the
    server reports. `same(old, new)` declares further values equal.
    """

    name: str
    kind: Kind = "string"
    element: Property | Schema | None = None
    required: bool = False
    default: Any = None
    replaces: bool = False
    computed: bool = False
    output: bool = False
    secret: bool = False
    upstream: str = ""
    carried: bool = True
    autonamed: bool = False
    invalid: Callable[[Any], str | None] | None = None
    normal: Callable[[Any], Any] | None = None
    same: Callable[[Any, Any], bool] | None = None

    @property
    def collection(self) -> bool:
        """Whether values are lists or sets."""
        return self.kind in {"list", "set"}

    @property
    def forces(self) -> bool:
        """Whether adding or removing the whole property replaces the resource."""
        nested = isinstance(self.element, Schema) and any(item.forces for item in self.element.properties)
        return self.replaces or nested

    def items(self) -> Property:
        """The property that stands for each item of a list, set or map."""
        if isinstance(self.element, Schema):
            return Property(name=self.name, kind="object", element=self.element, replaces=self.replaces)
        return self.element or Property(name=self.name, kind="string", replaces=self.replaces)


@dataclass(frozen=True)
class Schema:
    """A resource type, or a nested block (`type` is then a word for messages).

    `schema_version` and `timeouts` (seconds by operation) go into `__meta`. `delete_before_replace` holds always; a
    resource whose fixed name would clash with its successor is deleted first too. `refused` are names that the package
    knows and that never were part of a recorded state: they are refused like properties that are not carried.
    """

    type: str
    properties: Sequence[Property]
    schema_version: int = 0
    timeouts: Mapping[str, int] = field(default_factory=dict)
    delete_before_replace: bool = False
    refused: Sequence[str] = ()

    @cached_property
    def by_name(self) -> Mapping[str, Property]:
        """Properties by name."""
        return {item.name: item for item in self.properties}

    @property
    def title(self) -> str:
        """For messages: `docker Container`."""
        return f"{self.type.split(':')[0]} {self.type.split(':')[-1]}" if ":" in self.type else self.type


def canonical(item: Property, value: Any) -> Any:
    """The value in the form in which equal things are equal.

    Terraform's SDK does not tell missing from zero, and sets have no order.
    """
    if value is UNKNOWN:
        return UNKNOWN
    if value is None and item.default is not None:
        value = item.default
    if item.normal and value is not None:
        value = item.normal(value)
    if item.collection:
        items = [canonical(item.items(), part) for part in value or ()]
        return items if item.kind == "list" else sorted(items, key=order)
    if value is None:
        return _ZERO[item.kind]
    if item.kind == "map":
        return {key: canonical(item.items(), part) for key, part in value.items()}
    if item.kind == "object" and isinstance(item.element, Schema):
        return {part.name: canonical(part, value.get(part.name)) for part in item.element.properties}
    return scalar(item.kind, value)


def scalar(kind: str, value: Any) -> Any:
    """A scalar in its own kind; the bridge takes "5432" for 5432 and "true" for true."""
    if kind in {"integer", "number"} and isinstance(value, str):
        try:
            return int(value)
        except ValueError:
            return float(value)
    if kind == "boolean" and isinstance(value, str):
        return value == "true"
    if kind == "string" and isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if kind == "string" else value


def order(value: Any) -> str:
    """A sort key for canonical values."""
    return json.dumps(value, sort_keys=True, default=repr)


def child(path: str, key: str) -> str:
    """The path of a member, quoted where its name is no identifier."""
    if not re.fullmatch(r"[A-Za-z_$][A-Za-z0-9_$]*", key):
        return f"{path}[{json.dumps(key)}]"
    return f"{path}.{key}" if path else key
