"""The stack file as text: keys in their order, comments above them, sections for a person to decide about at the end.

Written by hand, because a YAML library places no comments. Owns quoting; what is said belongs to `plan`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from operate.adopt.plan import Plan

_PLAIN: Final = re.compile(r"[A-Za-z_/][A-Za-z0-9_./@+-]*(?::[A-Za-z0-9][A-Za-z0-9_.-]*)?|[0-9]+(?:Mi|Gi|ms|s|min|h)")
_RANGE: Final = re.compile(r"[0-9]+-[0-9]+|[0-9]+(?:\.[0-9]+){3}/[0-9]+")
_WORDS: Final = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
_WIDTH: Final = 110
_BLOCKS: Final = frozenset(
    {"data-tier:network", "data-tier:postgres", "data-tier:redis", "data-tier:mongo", "data-tier:apps"}
)
_BLOCK_DEPTH: Final = 2  # an app's section is told line by line


def text(plan: Plan, title: str) -> str:
    """The whole file."""
    lines = [f"# {title}", "config:"]
    for key, value in plan.config.items():
        lines += _entry(plan.remarks, (key,), value, "  ")
    for app, section, why in plan.beside:
        lines.append(f"    # {app} {why}")
        lines += [f"    # {line[4:]}" for line in _entry({}, ("data-tier:apps", app), section, "    ")]
    return "\n".join(lines) + "\n"


def _entry(
    remarks: Mapping[tuple[str, ...], Sequence[str]], path: tuple[str, ...], value: Any, indent: str
) -> Iterator[str]:
    yield from (f"{indent}# {one}" for one in remarks.get(path, ()))
    key = _scalar(path[-1]) if len(path) > 1 else path[-1]
    inside = [one for one in remarks if len(one) > len(path) and one[: len(path)] == path]
    line = f"{indent}{key}: {_flow(value)}"
    if isinstance(value, Mapping) and value and (_is_block(path) or inside or len(line) > _WIDTH):
        yield f"{indent}{key}:"
        for name, one in value.items():
            yield from _entry(remarks, (*path, str(name)), one, f"{indent}  ")
    else:
        yield line


def _is_block(path: tuple[str, ...]) -> bool:
    return path[0] in _BLOCKS and (len(path) == 1 or (path[0] == "data-tier:apps" and _is_app_block(path)))


def _is_app_block(path: tuple[str, ...]) -> bool:
    return len(path) == _BLOCK_DEPTH or path[_BLOCK_DEPTH:] == ("service",)


def _flow(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_scalar(str(key))}: {_flow(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_flow(one) for one in value) + "]"
    return _scalar(value)


def _scalar(value: Any) -> str:
    """A value as YAML 1.1 and 1.2 read alike; what could be anything but text is quoted."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if not isinstance(value, str):
        return json.dumps(value)
    if value.lower() not in _WORDS and (_PLAIN.fullmatch(value) or _RANGE.fullmatch(value)):
        return value
    return json.dumps(value, ensure_ascii=False)
