"""Outputs: planned ones for a preview, and the bookkeeping keys that the bridge keeps in the state."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any, Final

from embedded.providers.bridge._check import DEFAULTS
from embedded.providers.bridge._diff import property_changes
from embedded.providers.bridge._schema import Property, Schema, canonical, order, scalar
from embedded.values import UNKNOWN, Properties, Secret, reveal, walk

META: Final = "__meta"
DELTA: Final = "__pulumi_raw_state_delta"
TIMEOUTS: Final = "e2bfb730-ecaa-11e6-8f88-34363bc7c4c0"  # the key of Terraform's SDK (schema.TimeoutKey)


def planned(schema: Schema, new: Mapping[str, Any], prior: Mapping[str, Any] | None = None) -> Properties:
    """Outputs before the operation: inputs, and UNKNOWN for what the server will fill in.

    With `prior` outputs (an update) whatever does not change keeps its value. Secret outputs are `Secret`.
    """
    inputs, before = reveal(dict(new)), None if prior is None else reveal(dict(prior))
    outputs: Properties = {"id": UNKNOWN if before is None else before.get("id")}
    for item in schema.properties:
        outputs[item.name] = _planned(item, inputs.get(item.name), before)
    return _secret(schema, outputs)


def _planned(item: Property, value: Any, before: Mapping[str, Any] | None) -> Any:
    left_to_server = value is None and item.default is None and (item.computed or item.output)
    if before is not None and (left_to_server or not list(property_changes(item, before.get(item.name), value))):
        return before.get(item.name)
    if left_to_server:
        return UNKNOWN
    return filled(item, value)


def filled(item: Property, value: Any, *, nested: bool = False) -> Any:
    """A value as Terraform's SDK writes it: defaults, sets in order, empty blocks as empty lists.

    Inside blocks a missing string is "" and a missing list of scalars empty.
    """
    value = item.default if value is None else value
    if value is None:
        blocks = item.collection and (nested or isinstance(item.element, Schema))
        return [] if blocks else "" if nested and item.kind == "string" else None
    if value is UNKNOWN:
        return value
    if item.normal:
        value = item.normal(value)
    if item.collection:
        part = item.items()
        items = [filled(part, one, nested=True) for one in value]
        return items if item.kind == "list" else sorted(items, key=lambda one: order(canonical(part, one)))
    if item.kind == "object" and isinstance(item.element, Schema):
        return {part.name: filled(part, value.get(part.name), nested=True) for part in item.element.properties}
    if item.kind == "map":
        return {key: one for key, one in value.items() if key != DEFAULTS}
    return scalar(item.kind, value)


def settled(schema: Schema, outputs: Mapping[str, Any]) -> Properties:
    """Outputs after a read or an update: inside sets what was missing is zero, as Terraform's SDK stores it then."""
    return {
        key: [_zeroed(schema.by_name[key].items(), one) for one in value]
        if key in schema.by_name and schema.by_name[key].kind == "set" and isinstance(value, list)
        else value
        for key, value in outputs.items()
    }


def _zeroed(item: Property, value: Any) -> Any:
    if item.kind == "object" and isinstance(item.element, Schema) and isinstance(value, Mapping):
        parts = item.element.by_name
        return {key: _zeroed(parts[key], part) if key in parts else part for key, part in value.items()}
    return canonical(item, None) if value is None and item.kind != "object" else value


def lost(outputs: Mapping[str, Any]) -> Properties:
    """Planned outputs of a resource that was made and never read back: unknown becomes None."""
    result: Properties = walk(dict(outputs), lambda value: None if value is UNKNOWN else value)
    return result


def sealed(schema: Schema, outputs: Mapping[str, Any], *, unread: Collection[str] = ()) -> Properties:
    """Outputs as they go into the state: secrets marked, `__meta` and the raw state delta added.

    `unread` names single blocks that Terraform's own state holds as null instead of an empty list.
    """
    known = reveal(dict(outputs))
    result = _secret(schema, known)
    result[DELTA] = raw_state_delta(schema, known, unread=unread)
    meta: dict[str, Any] = {}
    if schema.timeouts:
        meta[TIMEOUTS] = {key: seconds * 10**9 for key, seconds in sorted(schema.timeouts.items())}
    if schema.schema_version:
        meta["schema_version"] = str(schema.schema_version)
    if meta:
        result[META] = json.dumps(meta, separators=(",", ":"))
    return dict(sorted(result.items()))


def _secret(schema: Schema, outputs: Mapping[str, Any]) -> Properties:
    hidden = {item.name for item in schema.properties if item.secret}
    return {key: Secret(value) if key in hidden else value for key, value in outputs.items()}


def raw_state_delta(schema: Schema, outputs: Mapping[str, Any], *, unread: Collection[str] = ()) -> Properties:
    """How the bridge turns these outputs back into Terraform's raw state."""
    return _object_delta(schema, reveal(dict(outputs)), unread)


def _object_delta(schema: Schema, value: Mapping[str, Any], unread: Collection[str] = ()) -> Properties:
    parts: Properties = {}
    renamed: Properties = {}
    for item in schema.properties:
        if item.name not in value:
            continue
        delta = None if item.name in unread and value[item.name] is None else _delta(item, value[item.name])
        if delta is not None:
            parts[item.name] = delta
        if item.upstream:
            renamed[item.name] = item.upstream
    inner = {key: part for key, part in (("ps", parts), ("renamed", renamed)) if part}
    return {"obj": inner}


def _delta(item: Property, value: Any) -> Properties | None:
    if item.kind == "object" and isinstance(item.element, Schema):
        return {"plu": {"i": {} if value is None else _object_delta(item.element, value)}}
    if value is None:
        return None
    if item.kind == "map":
        return {"map": {}}
    if not item.collection:
        return None
    if not isinstance(item.element, Schema) or not value:
        return {"arr": {}}
    return {"arr": {"el": {str(i): _object_delta(item.element, one) for i, one in enumerate(value)}}}
