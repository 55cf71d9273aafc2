"""Property values as the engine holds them, and their two written forms.

In memory a value is plain Python (None, bool, int, float, str, list, dict) with two markers: `UNKNOWN`, not
computed before the resource exists, and `Secret(value)`. Owns the conversion from and to the protobuf structs of
Pulumi's protocol. The encrypted form in the checkpoint belongs to `state`.
Source: signatures and sentinel of the SDK, pulumi/runtime/rpc.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from google.protobuf import struct_pb2

SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
SECRET_SIGNATURE: Final = "1b47061264138c4ac30d75fd1eb44270"
OUTPUT_SIGNATURE: Final = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
UNKNOWN_SENTINEL: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"

Properties = dict[str, Any]


class Unknown:
    """The one value that is not known yet; compare with `is UNKNOWN`."""

    _only: Unknown | None = None

    def __new__(cls) -> Unknown:  # noqa: D102
        cls._only = cls._only or super().__new__(cls)
        return cls._only

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown()


@dataclass(frozen=True)
class Secret:
    """A value that is never shown and never written in plain; its repr keeps it too."""

    value: Any

    def __repr__(self) -> str:
        return "Secret(…)"


def from_struct(struct: struct_pb2.Struct) -> Properties:
    """The properties of a protobuf struct; secrets and unknowns become their markers, whole floats integers."""
    return {key: _from_value(value) for key, value in struct.fields.items()}


def _from_value(value: struct_pb2.Value) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        return _from_fields(value.struct_value.fields)
    if kind == "list_value":
        return [_from_value(item) for item in value.list_value.values]
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() else number
    if kind == "string_value":
        return UNKNOWN if value.string_value == UNKNOWN_SENTINEL else value.string_value
    return value.bool_value if kind == "bool_value" else None


def _from_fields(fields: Mapping[str, struct_pb2.Value]) -> Any:
    signature = fields[SIGNATURE].string_value if SIGNATURE in fields else None
    if signature == SECRET_SIGNATURE:
        return Secret(_from_value(fields["value"]))
    if signature == OUTPUT_SIGNATURE:
        value = _from_value(fields["value"]) if "value" in fields else UNKNOWN
        return Secret(value) if "secret" in fields and fields["secret"].bool_value else value
    return {key: _from_value(item) for key, item in fields.items()}


def to_struct(properties: Mapping[str, Any], *, secrets: bool = True) -> struct_pb2.Struct:
    """The protobuf struct of properties; `secrets=False` for a peer that does not accept secrets."""
    struct = struct_pb2.Struct()
    for key, value in properties.items():
        _fill(struct.fields[key], value, secrets)
    return struct


def _fill(target: struct_pb2.Value, value: Any, secrets: bool) -> None:
    if isinstance(value, Secret) and not secrets:
        value = value.value
    if isinstance(value, Secret):
        target.struct_value.fields[SIGNATURE].string_value = SECRET_SIGNATURE
        _fill(target.struct_value.fields["value"], value.value, secrets)
    elif value is UNKNOWN:
        target.string_value = UNKNOWN_SENTINEL
    elif value is None:
        target.null_value = struct_pb2.NULL_VALUE
    elif isinstance(value, bool):
        target.bool_value = value
    elif isinstance(value, (int, float)):
        target.number_value = value
    elif isinstance(value, str):
        target.string_value = value
    elif isinstance(value, dict):
        target.struct_value.SetInParent()
        for key, item in value.items():
            _fill(target.struct_value.fields[key], item, secrets)
    else:
        target.list_value.SetInParent()
        for item in value:
            _fill(target.list_value.values.add(), item, secrets)


def walk(value: Any, change: Callable[[Any], Any]) -> Any:
    """`value` rebuilt with `change` applied to every leaf and marker, containers first rebuilt from below."""
    if isinstance(value, dict):
        return {key: walk(item, change) for key, item in value.items()}
    if isinstance(value, list):
        return [walk(item, change) for item in value]
    if isinstance(value, Secret):
        return change(Secret(walk(value.value, change)))
    return change(value)


def reveal(value: Any) -> Any:  # dicts stay dicts, whatever else stays its kind
    """`value` without secret markers: for providers and comparisons, never for a screen or a file."""
    return walk(value, lambda item: item.value if isinstance(item, Secret) else item)


def has_secret(value: Any) -> bool:
    """Whether a secret sits anywhere inside `value`."""
    if isinstance(value, dict):
        return any(has_secret(item) for item in value.values())
    if isinstance(value, list):
        return any(has_secret(item) for item in value)
    return isinstance(value, Secret)


def has_unknown(value: Any) -> bool:
    """Whether something inside `value` is not known yet."""
    if isinstance(value, dict):
        return any(has_unknown(item) for item in value.values())
    if isinstance(value, list):
        return any(has_unknown(item) for item in value)
    return has_unknown(value.value) if isinstance(value, Secret) else value is UNKNOWN
