"""Property values and their differences as text, in the CLI's form; a secret is always `[secret]`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from embedded.values import UNKNOWN, Secret, has_secret, reveal

_MISSING: Any = object()


def public(value: Any) -> Any:
    """`value` for JSON output: secrets and unknowns as the CLI writes them."""
    if isinstance(value, Secret):
        return "[secret]"
    if value is UNKNOWN:
        return "[unknown]"
    if isinstance(value, Mapping):
        return {key: public(item) for key, item in value.items()}
    return [public(item) for item in value] if isinstance(value, list) else value


def without_secrets(value: Any) -> Any:
    """`value` for a plan: secrets hidden, what isn't known as the protocol's own mark."""
    if isinstance(value, Secret):
        return "[secret]"
    if isinstance(value, Mapping):
        return {key: without_secrets(item) for key, item in value.items()}
    return [without_secrets(item) for item in value] if isinstance(value, list) else value


def scalar(value: Any) -> str:
    """A value without parts, as text."""
    if isinstance(value, Secret):
        return "[secret]"
    if value is UNKNOWN:
        return "[unknown]"
    if value is None:
        return "<null>"
    return json.dumps(value, ensure_ascii=False)


def tree(properties: Mapping[str, Any], indent: int, sign: str = " ") -> Iterator[str]:
    """Lines for properties, one a key, names padded to one width."""
    shown = {key: value for key, value in sorted(properties.items()) if not key.startswith("__")}
    width = max((len(key) for key in shown), default=0)
    for key, value in shown.items():
        yield from _entry(f"{key:<{width}}: ", value, indent, sign)


def _entry(label: str, value: Any, indent: int, sign: str) -> Iterator[str]:
    lead = f"{' ' * (indent - 2)}{sign} "
    if isinstance(value, Mapping) and value:
        yield f"{lead}{label}{{"
        yield from tree(value, indent + 4, sign)
        yield f"{' ' * indent}}}"
    elif isinstance(value, list) and value:
        yield f"{lead}{label}["
        for number, item in enumerate(value):
            yield from _entry(f"[{number}]: ", item, indent + 4, sign)
        yield f"{' ' * indent}]"
    else:
        yield f"{lead}{label}{'{}' if value == {} else '[]' if value == [] else scalar(value)}"


def changes(old: Mapping[str, Any], new: Mapping[str, Any], indent: int, *, same: bool = True) -> Iterator[str]:
    """Lines for the difference of two property sets; `same=False` leaves out what is equal."""
    names = [key for key in sorted({*old, *new}) if not key.startswith("__")]
    shown = [key for key in names if same or not _equal(old.get(key, _MISSING), new.get(key, _MISSING))]
    width = max((len(key) for key in shown), default=0)
    for key in shown:
        yield from _change(f"{key:<{width}}: ", old.get(key, _MISSING), new.get(key, _MISSING), indent, same=same)


def _change(label: str, old: Any, new: Any, indent: int, *, same: bool) -> Iterator[str]:
    if old is _MISSING:
        yield from _entry(label, new, indent, "+")
    elif new is _MISSING:
        yield from _entry(label, old, indent, "-")
    elif _equal(old, new):
        yield from _entry(label, new, indent, " ")
    elif isinstance(old, Mapping) and isinstance(new, Mapping):
        yield f"{' ' * (indent - 2)}~ {label}{{"
        yield from changes(old, new, indent + 4, same=same)
        yield f"{' ' * indent}}}"
    elif isinstance(old, list) and isinstance(new, list):
        yield f"{' ' * (indent - 2)}~ {label}["
        for number in range(max(len(old), len(new))):
            before = old[number] if number < len(old) else _MISSING
            after = new[number] if number < len(new) else _MISSING
            if same or before is _MISSING or after is _MISSING or not _equal(before, after):
                yield from _change(f"[{number}]: ", before, after, indent + 4, same=same)
        yield f"{' ' * indent}]"
    else:
        yield f"{' ' * (indent - 2)}~ {label}{_whole(old)} => {_whole(new)}"


def _whole(value: Any) -> str:
    return json.dumps(public(value), ensure_ascii=False) if isinstance(value, (Mapping, list)) else scalar(value)


def _equal(old: Any, new: Any) -> bool:
    if old is _MISSING or new is _MISSING:
        return old is new
    return bool(reveal(old) == reveal(new)) and has_secret(old) == has_secret(new)
