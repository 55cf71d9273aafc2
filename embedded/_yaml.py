"""YAML as the CLI reads it: the 1.2 scalars (`yes`, `4003:59` and `2024-01-01` are strings), no duplicate keys.

PyYAML alone follows YAML 1.1 and lets the last of two equal keys win. Errors become one line with file and place.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import yaml

from embedded.errors import EngineError

try:
    from yaml import CSafeLoader as _Base
except ImportError:  # PyYAML without libyaml
    from yaml import SafeLoader as _Base  # type: ignore[assignment]

_BOOL: Final = "tag:yaml.org,2002:bool"
_INT: Final = "tag:yaml.org,2002:int"
_FLOAT: Final = "tag:yaml.org,2002:float"
_NULL: Final = "tag:yaml.org,2002:null"
_MERGE: Final = "tag:yaml.org,2002:merge"
_MAP: Final = "tag:yaml.org,2002:map"


class _Loader(_Base):
    """Scalars and mappings as described above."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 PyYAML's own protocol


_Loader.add_implicit_resolver(_BOOL, re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF"))
_Loader.add_implicit_resolver(
    _INT, re.compile(r"^[-+]?(?:0|[1-9][0-9_]*|0[0-7_]+|0o[0-7_]+|0x[0-9a-fA-F_]+|0b[01_]+)$"), list("-+0123456789")
)
_Loader.add_implicit_resolver(
    _FLOAT,
    re.compile(
        r"^(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$"
    ),
    list("-+0123456789."),
)
_Loader.add_implicit_resolver(_NULL, re.compile(r"^(?:~|null|Null|NULL|)$"), ["~", "n", "N", ""])
_Loader.add_implicit_resolver(_MERGE, re.compile(r"^<<$"), ["<"])


def _integer(loader: Any, node: yaml.ScalarNode) -> int:
    text = loader.construct_scalar(node).replace("_", "")
    sign, digits = (-1, text[1:]) if text.startswith("-") else (1, text.lstrip("+"))
    if re.fullmatch(r"0[0-7]+", digits):
        return sign * int(digits, 8)
    return sign * int(digits, 0)


def _mapping(loader: Any, node: yaml.MappingNode) -> dict[Any, Any]:
    seen: set[Any] = set()
    for key_node, _ in node.value:
        key = loader.construct_object(key_node, deep=True)
        if key_node.tag != _MERGE and isinstance(key, (str, int, float)):
            if key in seen:
                raise yaml.constructor.ConstructorError(None, None, f"key {key!r} is there twice", key_node.start_mark)
            seen.add(key)
    loader.flatten_mapping(node)
    made: dict[Any, Any] = yaml.SafeLoader.construct_mapping(loader, node, deep=True)
    return made


_Loader.add_constructor(_INT, _integer)
_Loader.add_constructor(_MAP, _mapping)


def read(path: Path) -> dict[str, Any]:
    """The mapping in a file; an empty file is {}. Raises EngineError with file, line, column and problem."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise EngineError(f"{path}: not UTF-8 text") from None
    try:
        document = yaml.load(text, Loader=_Loader)  # noqa: S506 a safe loader by its base class
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        raise EngineError(f"{path}{place}: not valid YAML: {error.problem or error.context}") from None
    except yaml.YAMLError as error:  # a character that YAML forbids, told without a mark
        raise EngineError(f"{path}: not valid YAML: {str(error).splitlines()[0]}") from None
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise EngineError(f"{path}:1:1: expected keys and values at the top, found {type(document).__name__}")
    return document
