"""Configuration values between the stack file and text: structured values, nested secrets, paths into them.

A secret is `{secure: <ciphertext>}`, anywhere. Pure: knows neither file nor project.
Source: sdk/go/common/resource/config of the CLI.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, MutableMapping, MutableSequence, Sequence
from typing import Any, Final

from embedded.errors import EngineError

SECURE: Final = "secure"
_PART: Final = re.compile(r'\["(?P<quoted>(?:[^"\\]|\\.)*)"\]|\[(?P<index>\d+)\]|\.?(?P<name>[^.\[\]"]+)')

Part = str | int


def is_sealed(value: Any) -> bool:
    """Whether a value is one secret."""
    return isinstance(value, Mapping) and len(value) == 1 and isinstance(value.get(SECURE), str)


def has_secret(value: Any) -> bool:
    """Whether a secret sits anywhere inside a value."""
    if is_sealed(value):
        return True
    if isinstance(value, Mapping):
        return any(has_secret(item) for item in value.values())
    return isinstance(value, list) and any(has_secret(item) for item in value)


def opened(value: Any, decrypt: Callable[[str], str]) -> Any:
    """The value as plain Python with every secret replaced by what `decrypt` makes of it."""
    if is_sealed(value):
        return decrypt(value[SECURE])
    if isinstance(value, Mapping):
        return {str(key): opened(item, decrypt) for key, item in value.items()}
    if isinstance(value, list):
        return [opened(item, decrypt) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def text(value: Any) -> str:
    """What a program gets for an opened value: strings as they are, everything else as compact JSON.

    Raises EngineError for what YAML has and JSON has not.
    """
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    except TypeError:
        raise EngineError("a date, a set or binary data can't be handed to a program; put it in quotes") from None


def parse_path(path: str) -> list[Part]:
    """The parts of `outer.inner`, `names[0]` or `["a.b"].c`. Raises EngineError for anything else."""
    parts: list[Part] = []
    at = 0
    while at < len(path):
        found = _PART.match(path, at)
        if not found or (found["name"] and bool(parts) != path.startswith(".", at)):
            raise EngineError(f'invalid config key path {path!r}: write outer.inner, names[0] or ["a.b"]')
        parts.append(_part(found))
        at = found.end()
    if not parts or not isinstance(parts[0], str):
        raise EngineError(f"invalid config key path {path!r}: it begins with a key")
    return parts


def _part(found: re.Match[str]) -> Part:
    if found["index"] is not None:
        return int(found["index"])
    return found["name"] if found["name"] is not None else found["quoted"].replace('\\"', '"')


def get(holder: Any, parts: Sequence[Part]) -> Any:
    """What is at a path. Raises KeyError when there is nothing."""
    for part in parts:
        inside = isinstance(holder, Mapping) and part in holder
        inside = inside or (isinstance(holder, list) and isinstance(part, int) and part < len(holder))
        if not inside:
            raise KeyError(part)
        holder = holder[part]
    return holder


def put(holder: Any, parts: Sequence[Part], value: Any, make: Callable[[Part], Any]) -> None:
    """Set what is at a path; missing containers come from `make(next part)`. Raises EngineError for a wrong kind."""
    part, rest = parts[0], parts[1:]
    _check(holder, part)
    if not rest:
        _store(holder, part, value)
        return
    inner = holder[part] if _has(holder, part) else None
    if not isinstance(inner, (MutableMapping, MutableSequence)) or is_sealed(inner):
        inner = make(rest[0])
        _store(holder, part, inner)
    put(inner, rest, value, make)


def drop(holder: Any, parts: Sequence[Part]) -> None:
    """Remove what is at a path; nothing there is no error."""
    *above, last = parts
    try:
        inner = get(holder, above)
        get(inner, [last])
    except KeyError:
        return
    del inner[last]


def coerced(value: str) -> Any:
    """A value for inside a structure: true, false and whole numbers without leading zeros get their type."""
    if value in ("true", "false"):
        return value == "true"
    return int(value) if re.fullmatch(r"0|-?[1-9]\d*", value) else value


def _has(holder: Any, part: Part) -> bool:
    return part in holder if isinstance(holder, Mapping) else int(part) < len(holder)


def _check(holder: Any, part: Part) -> None:
    if isinstance(holder, MutableMapping) != isinstance(part, str):
        expected = "map must be a string" if isinstance(holder, MutableMapping) else "array must be an int"
        raise EngineError(f"could not set config: at {part!r}: key for a {expected}")
    if isinstance(part, int) and part > len(holder):
        raise EngineError(f"could not set config: [{part}]: array index out of range")


def _store(holder: Any, part: Part, value: Any) -> None:
    if isinstance(part, int) and part == len(holder):
        holder.append(value)
    else:
        holder[part] = value
