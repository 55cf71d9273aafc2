"""Checked inputs compared with the outputs in the state, by path, as the bridge reports it.

Source: answers recorded from the official plugins; for computed lists that were never read back, Terraform's SDK
(helper/schema, diffList): they count as changed, which replaces a container whose creation failed half-way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from embedded.providers.base import Diff, Kind
from embedded.providers.bridge._check import DEFAULTS
from embedded.providers.bridge._schema import Property, Schema, canonical, child
from embedded.values import UNKNOWN, has_unknown, reveal

Change = tuple[str, Kind]
_REPLACING = {
    Kind.ADD: Kind.ADD_REPLACE,
    Kind.DELETE: Kind.DELETE_REPLACE,
    Kind.UPDATE: Kind.UPDATE_REPLACE,
}


def diff(schema: Schema, old_inputs: Mapping[str, Any], old_outputs: Mapping[str, Any], new: Mapping[str, Any]) -> Diff:
    """What differs between the state (`old_outputs`, so that drift found by a read shows) and checked inputs."""
    outputs, inputs = reveal(dict(old_outputs)), reveal(dict(new))
    detailed: dict[str, Kind] = {}
    diffs: list[str] = []
    replaces: list[str] = []
    for item in sorted(schema.properties, key=lambda item: item.name):
        changes = list(property_changes(item, outputs.get(item.name), inputs.get(item.name)))
        if not changes:
            continue
        detailed.update(changes)
        diffs.append(item.name)
        if any(kind in _REPLACING.values() for _, kind in changes):
            replaces.append(item.name)
    before = bool(replaces) and (schema.delete_before_replace or _name_clashes(schema, old_inputs, inputs))
    return Diff(bool(diffs), tuple(diffs), tuple(replaces), detailed, before)


def property_changes(item: Property, old: Any, new: Any) -> Iterator[Change]:
    """The changes of one top-level property."""
    if item.output or not item.carried:
        return iter(())
    return _changes(item, item.name, old, new, item.replaces)


def _name_clashes(schema: Schema, old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    named = next((item.name for item in schema.properties if item.autonamed), None)
    return bool(named) and named not in new.get(DEFAULTS, ()) and reveal(old.get(named or "")) == new.get(named or "")


def _changes(item: Property, path: str, old: Any, new: Any, forces: bool) -> Iterator[Change]:
    if new is None and item.default is None and item.computed:
        if old is None and item.collection and item.replaces:
            yield path, Kind.UPDATE_REPLACE
        return
    if new is None:
        new = item.default
    known = not has_unknown(new)
    if known and (canonical(item, old) == canonical(item, new) or (item.same and item.same(old, new))):
        return
    was, is_now = _present(item, old), new is UNKNOWN or _present(item, new)
    if was and is_now and new is not UNKNOWN and item.kind in {"object", "list", "set", "map"}:
        yield from _inside(item, path, old, new, forces)
        return
    kind = Kind.UPDATE if was and is_now else Kind.ADD if is_now else Kind.DELETE
    yield path, _REPLACING[kind] if forces or item.forces else kind


def _present(item: Property, value: Any) -> bool:
    return bool(value) if item.kind in {"object", "list", "set", "map"} else value is not None


def _inside(item: Property, path: str, old: Any, new: Any, forces: bool) -> Iterator[Change]:
    forces = forces or item.replaces
    if item.kind == "object" and isinstance(item.element, Schema):
        for part in item.element.properties:
            yield from _changes(part, child(path, part.name), old.get(part.name), new.get(part.name), forces)
    elif item.kind == "map":
        for key in sorted({*old, *new}):
            yield from _changes(item.items(), child(path, key), old.get(key), new.get(key), forces)
    elif item.kind == "list":
        for index in range(max(len(old), len(new))):
            before = old[index] if index < len(old) else None
            after = new[index] if index < len(new) else None
            yield from _element(item.items(), f"{path}[{index}]", before, after, forces)
    else:
        yield from _set(item.items(), path, old, new, forces)


def _set(item: Property, path: str, old: list[Any], new: list[Any], forces: bool) -> Iterator[Change]:
    """Members that are on one side only; an addition has its index in the inputs, a removal in the state."""
    left = [canonical(item, value) for value in old]
    right = [canonical(item, value) for value in new]
    added = {i: new[i] for i, value in enumerate(right) if has_unknown(value) or value not in left}
    removed = {i: old[i] for i, value in enumerate(left) if value not in right}
    for index in sorted({*added, *removed}):
        yield from _element(item, f"{path}[{index}]", removed.get(index), added.get(index), forces)


def _element(item: Property, path: str, old: Any, new: Any, forces: bool) -> Iterator[Change]:
    if old is not None and new is not None:
        yield from _changes(item, path, old, new, forces)
        return
    kind = Kind.ADD if old is None else Kind.DELETE
    yield path, _REPLACING[kind] if forces or item.forces else kind
