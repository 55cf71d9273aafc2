"""Property paths of options and diffs: `env`, `ports[0].ip`, `labels["a.b"]`, `triggers[*]`."""

from __future__ import annotations

import copy
import re
from collections.abc import Sequence
from typing import Any

from embedded.values import Properties

_PART = re.compile(r'\["(?P<quoted>(?:[^"\\]|\\.)*)"\]|\[(?P<index>\d+|\*)\]|(?P<name>[^.\[\]]+)')


def parse(path: str) -> list[str | int]:
    """The parts of a path: names, indexes, and "*" for any."""
    parts: list[str | int] = []
    for found in _PART.finditer(path):
        index = found["index"]
        if index is not None:
            parts.append("*" if index == "*" else int(index))
        else:
            parts.append(found["quoted"].replace('\\"', '"') if found["quoted"] is not None else found["name"])
    return parts


def matches(pattern: str, path: str) -> bool:
    """Whether a change at `path` lies at or below `pattern` or above it: `triggers[*]` matches `triggers`."""
    return all(want in ("*", have) for want, have in zip(parse(pattern), parse(path), strict=False))


def keep(new: Properties, old: Properties, ignored: Sequence[str]) -> Properties:
    """`new` with the values of `old` at the ignored paths; what `old` doesn't have is taken away."""
    result = copy.deepcopy(new)
    for path in ignored:
        _keep(result, old, parse(path))
    return result


def _keep(new: Any, old: Any, parts: Sequence[str | int]) -> None:
    if not parts or not isinstance(new, (dict, list)):
        return
    head, rest = parts[0], parts[1:]
    for key in _keys(new, old) if head == "*" else [head]:
        if rest:
            _keep(_get(new, key), _get(old, key), rest)
        else:
            _put(new, key, old)


def _keys(new: Any, old: Any) -> list[Any]:
    if isinstance(new, dict):
        return sorted({*new, *(old if isinstance(old, dict) else ())})
    return list(range(len(new)))


def _get(holder: Any, key: Any) -> Any:
    if isinstance(holder, dict):
        return holder.get(key)
    if isinstance(holder, list) and isinstance(key, int) and key < len(holder):
        return holder[key]
    return None


def _put(new: Any, key: Any, old: Any) -> None:
    had = key in old if isinstance(old, dict) else isinstance(old, list) and isinstance(key, int) and key < len(old)
    if had and (isinstance(new, dict) or key < len(new)):
        new[key] = copy.deepcopy(old[key])
    elif not had and isinstance(new, dict):
        new.pop(key, None)
