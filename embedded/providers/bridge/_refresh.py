"""Inputs after a read: what the server reports, in the shape in which the program wrote it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from embedded.providers.bridge._check import DEFAULTS
from embedded.providers.bridge._schema import Property, Schema, canonical
from embedded.values import Properties, Secret, reveal


def read_inputs(schema: Schema, inputs: Mapping[str, Any], outputs: Mapping[str, Any]) -> Properties:
    """The inputs brought up to date; with empty `inputs` (an import) those that would make the same resource.

    A property that the program did not set is not added. Empty `__defaults` are dropped and sets take the order of
    the outputs, as recorded from the official plugin.
    """
    known, found = reveal(dict(inputs)), reveal(dict(outputs))
    result = _refreshed(schema, known, found) if known else _imported(schema, found)
    hidden = {item.name for item in schema.properties if item.secret}
    return {key: Secret(value) if key in hidden else value for key, value in result.items()}


def _refreshed(schema: Schema, inputs: Mapping[str, Any], outputs: Mapping[str, Any]) -> Properties:
    result: Properties = {}
    if inputs.get(DEFAULTS):
        result[DEFAULTS] = inputs[DEFAULTS]
    for item in schema.properties:
        if item.name in inputs:
            value = _value(item, inputs[item.name], outputs.get(item.name))
            if value is not None:
                result[item.name] = value
    return dict(sorted(result.items()))


def _value(item: Property, old: Any, found: Any) -> Any:
    if item.kind == "object" and isinstance(item.element, Schema):
        return None if found is None else _refreshed(item.element, old or {}, found)
    if not item.collection:
        return old if canonical(item, old) == canonical(item, found) else found
    part, old = item.items(), old or ()  # a refresh before may have found nothing and written null
    left = [canonical(part, value) for value in old]
    matching = []
    for index, value in enumerate(found or ()):
        form = canonical(part, value)
        twin = left.index(form) if form in left else index if item.kind == "list" and index < len(old) else None
        matching.append(_item(part, None if twin is None else old[twin], value))
    return matching


def _item(part: Property, old: Any, found: Any) -> Any:
    if isinstance(part.element, Schema) and part.kind == "object":
        return _refreshed(part.element, old, found) if old else _imported(part.element, found)
    return found if old is None else old


def _imported(schema: Schema, outputs: Mapping[str, Any]) -> Properties:
    result: Properties = {}
    defaults: list[str] = []
    for item in schema.properties:
        value = outputs.get(item.name)
        if item.output or not item.carried or value is None:
            continue
        if item.default is not None and canonical(item, value) == canonical(item, item.default):
            if item.default:
                defaults.append(item.name)
                result[item.name] = value
        elif canonical(item, value) != canonical(item, None):
            result[item.name] = _plain(item, value)
    if defaults:
        result[DEFAULTS] = sorted(defaults)
    return dict(sorted(result.items()))


def _plain(item: Property, value: Any) -> Any:
    if item.kind == "object" and isinstance(item.element, Schema):
        return _imported(item.element, value)
    if item.collection and isinstance(item.element, Schema):
        return [_imported(item.element, one) for one in value]
    return value
