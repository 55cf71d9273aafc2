"""Inputs checked against a schema: refusals with their paths, defaults filled in and recorded."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from embedded.providers.base import CheckFailure, CheckResult
from embedded.providers.bridge._schema import Property, Schema, child, scalar
from embedded.values import UNKNOWN, Properties, Secret, has_unknown, reveal

DEFAULTS = "__defaults"


def check(schema: Schema, name: str, new: Mapping[str, Any], old: Mapping[str, Any] | None = None) -> CheckResult:
    """Inputs with defaults; `__defaults` names them on every object, as the bridge records it.

    `name` is the resource's name in the program and starts a generated one, which `old` inputs keep. Secret
    properties come back as `Secret`.
    """
    failures: list[CheckFailure] = []
    inputs = _object(schema, schema, "", reveal(dict(new)), failures)
    named = next((item for item in schema.properties if item.autonamed), None)
    if named and inputs.get(named.name) is None:
        inputs[named.name] = _generated(named.name, name, old or {})
        inputs[DEFAULTS] = sorted([*inputs[DEFAULTS], named.name])
    for item in schema.properties:
        if item.secret and inputs.get(item.name) is not None:
            inputs[item.name] = Secret(inputs[item.name])
    return CheckResult(dict(sorted(inputs.items())), failures)


def _generated(key: str, name: str, old: Mapping[str, Any]) -> str:
    if key in old.get(DEFAULTS, ()) and isinstance(old.get(key), str):
        return str(old[key])
    return f"{name}-{secrets.token_hex(4)[:7]}"  # seven hexadecimal digits: the bridge's own length


def _object(
    top: Schema, schema: Schema, path: str, value: Mapping[str, Any], failures: list[CheckFailure]
) -> Properties:
    inputs: Properties = {}
    for key, item in value.items():
        if key == DEFAULTS or item is None:
            continue
        where = child(path, key)
        known = schema.by_name.get(key)
        if key in schema.refused or (known and not known.carried):
            reason = f"{top.title} property '{where}' is not carried by the embedded engine; use the Pulumi CLI"
            failures.append(CheckFailure(where, reason))
        elif known is None or known.output:
            failures.append(CheckFailure(where, f"{top.title} has no input property '{key}'; check its spelling"))
        else:
            inputs[key] = _value(top, known, where, item, failures)
    defaults = []
    for known in schema.properties:
        if known.name in inputs:
            continue
        if known.required:
            reason = f"{top.title} needs the property '{child(path, known.name)}'; set it"
            failures.append(CheckFailure(child(path, known.name), reason))
        elif known.default:  # the bridge leaves out defaults that are zero
            inputs[known.name] = known.default
            defaults.append(known.name)
    return {DEFAULTS: sorted(defaults), **dict(sorted(inputs.items()))}


def _value(top: Schema, item: Property, path: str, value: Any, failures: list[CheckFailure]) -> Any:
    if value is UNKNOWN:
        return value
    expected = _expected(item, value)
    if expected:
        failures.append(CheckFailure(path, f"{top.title} property '{path}' must be {expected}"))
        return value
    if item.kind == "object" and isinstance(item.element, Schema):
        return _object(top, item.element, path, value, failures)
    if item.collection:
        part = item.items()
        value = [_value(top, part, f"{path}[{i}]", one, failures) for i, one in enumerate(value)]
    elif item.kind == "map":
        value = {key: _value(top, item.items(), child(path, key), one, failures) for key, one in value.items()}
    if item.invalid and not has_unknown(value):
        reason = item.invalid(value)
        if reason:
            failures.append(CheckFailure(path, f"{top.title} property '{path}' {reason}"))
    return value


def _expected(item: Property, value: Any) -> str:
    """What a value of the wrong type should have been, or nothing."""
    if item.collection:
        return "" if isinstance(value, (list, tuple)) else "a list"
    if item.kind in {"map", "object"}:
        return "" if isinstance(value, Mapping) else "an object"
    if isinstance(value, (list, tuple, Mapping)):
        return f"one {item.kind}"
    if item.kind == "boolean":
        return "" if isinstance(value, bool) or value in ("true", "false") else "true or false"
    return _number(item.kind, value) if item.kind in {"integer", "number"} else ""


def _number(kind: str, value: Any) -> str:
    expected = "a whole number" if kind == "integer" else "a number"
    try:
        number = scalar(kind, value)
    except ValueError:
        return expected
    whole = not isinstance(number, float) or number.is_integer()
    return expected if isinstance(number, bool) or (kind == "integer" and not whole) else ""
