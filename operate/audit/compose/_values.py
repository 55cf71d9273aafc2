"""Variables in a compose file: `$NAME`, `${NAME:-default}` and the others of the specification.

A variable that has no value and no default stays in the text between two marks, so that what stands around it can still
be read: `${PORT}:5432` publishes 5432 whatever the port is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from operate.audit.resources import UNKNOWN

_OPEN, _CLOSE = "\ue000", "\ue001"  # of the private use area: no compose file has them
_MARKED: Final = re.compile(f"{_OPEN}([^{_CLOSE}]*){_CLOSE}")
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LINE: Final = re.compile(r"\s*(?:export\s+)?([A-Za-z_][\w.-]*)\s*(?:=\s*(.*))?")


def interpolated(value: Any, values: Mapping[str, str]) -> Any:
    """All texts of a document with their variables replaced; keys stay as they are."""
    if isinstance(value, str):
        return _replaced(value, values) if "$" in value else value
    if isinstance(value, list):
        return [interpolated(item, values) for item in value]
    if isinstance(value, Mapping):
        return {key: interpolated(item, values) for key, item in value.items()}
    return value


def is_unknown(value: Any) -> bool:
    """Whether a text holds a variable without a value."""
    return isinstance(value, str) and _OPEN in value


def known(value: Any) -> Any:
    """The value, or the sentinel of an unknown one."""
    return UNKNOWN if is_unknown(value) else value


def strip(text: str) -> str:
    """The text with its unknown variables as references, which rules take for what they are."""
    return _MARKED.sub(r"${\1}", text)


def reference(name: str) -> str:
    """A variable without a value."""
    return f"{_OPEN}{name}{_CLOSE}"


def read_file(path: Path, values: Mapping[str, str]) -> dict[str, str]:
    """The variables of a `.env` file or an `env_file`. Raises OSError and UnicodeDecodeError."""
    found: dict[str, str] = {}
    for line in path.read_text(encoding="utf-8-sig").splitlines():
        match = _LINE.fullmatch(line)
        if match is None or line.lstrip().startswith("#"):
            continue
        name, text = match[1], match[2]
        if text is None:
            found[name] = reference(name)
        elif text.startswith("'"):
            found[name] = text[1:].partition("'")[0]
        elif text.startswith('"'):
            found[name] = _replaced(re.split(r'(?<!\\)"', text[1:])[0], {**values, **found})
        else:
            found[name] = _replaced(re.split(r"\s+#", text)[0].strip(), {**values, **found})
    return found


def _replaced(text: str, values: Mapping[str, str]) -> str:
    out, at = [], 0
    while (dollar := text.find("$", at)) >= 0:
        out.append(text[at:dollar])
        piece, at = _variable(text, dollar, values)
        out.append(piece)
    return "".join([*out, text[at:]])


def _variable(text: str, dollar: int, values: Mapping[str, str]) -> tuple[str, int]:
    """What stands for the variable at `dollar`, and where the text goes on."""
    after = text[dollar + 1 : dollar + 2]
    if after == "$":
        return "$", dollar + 2
    if after == "{" and (end := _closing(text, dollar + 2)) > 0:
        return _expression(text[dollar + 2 : end], values), end + 1
    match = _NAME.match(text, dollar + 1)
    if match is None:
        return "$", dollar + 1
    return values.get(match[0], reference(match[0])), match.end()


def _closing(text: str, start: int) -> int:
    """Where the brace closes that was open before `start`; a default may hold variables of its own."""
    depth = 1
    for at in range(start, len(text)):
        depth += (text[at] == "{" and text[at - 1] == "$") - (text[at] == "}")
        if not depth:
            return at
    return -1


def _expression(text: str, values: Mapping[str, str]) -> str:
    match = _NAME.match(text)
    if match is None:
        return reference(text)
    name, rest = match[0], text[match.end() :]
    colon = rest.startswith(":")
    operator, other = rest[colon : colon + 1], rest[colon + 1 :]
    value = values.get(name)
    there = value is not None and bool(value or not colon)
    if operator == "+":
        return _replaced(other, values) if there else ""
    if there and value is not None:
        return value
    return _replaced(other, values) if operator == "-" else reference(name)
