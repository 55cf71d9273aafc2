"""From a plain mapping to `Settings`, or every problem at once.

Owns the translation of pydantic's errors. What is broken is left out and the rest is still checked, so that one run
shows everything.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from components.config.checks import check
from components.config.errors import NOTHING, Problem, SettingsError
from components.config.models import Settings

NAMESPACE: Final = "data-tier"
_SECTION: Final = ("this must be a section of keys", "Write key: value pairs")
_LIST: Final = ("this must be a list", "Write it like [a, b]")
_WORDING: Final = {
    "extra_forbidden": ("there is no such key", "Remove it, or correct its spelling"),
    "missing": ("this key is required", "Add it"),
    "int_type": ("this must be a whole number", "Write it without quotes"),
    "float_type": ("this must be a number", "Write it without quotes"),
    "string_type": ("this must be text", 'Write it in quotes, like "1"'),
    "bool_type": ("this must be true or false", "Write it without quotes"),
    "model_type": _SECTION,
    "dict_type": _SECTION,
    "model_attributes_type": _SECTION,
    "tuple_type": _LIST,
    "list_type": _LIST,
}

_BOUNDS: Final = {
    "greater_than_equal": ("at least", "ge"),
    "less_than_equal": ("at most", "le"),
    "greater_than": ("more than", "gt"),
}

# So that the sections around a missing one are checked all the same; what is found inside a stand-in isn't reported.
_STAND_INS: Final[Mapping[str, Any]] = {
    "prefix": "stand-in",
    "network": {"data": {"internal": True, "subnet": "10.0.0.0/24"}},
    "postgres": {"image": "postgres:17", "resources": {"memory": "64Gi", "cpu": 1}, "connections": 5000},
    "apps": {},
}

Path = tuple[str | int, ...]


def parse(raw: Mapping[str, Any]) -> Settings:
    """The settings of a stack, from its configuration without the namespace. Raises SettingsError."""
    problems: list[Problem] = []
    broken: list[str] = []
    rest: Any = _lists_as_tuples(copy.deepcopy(dict(raw)))
    while True:
        try:
            settings = Settings.model_validate(rest)
        except ValidationError as error:
            details, before = error.errors(include_url=False), copy.deepcopy(rest)
            found = [_problem(detail, before) for detail in details]
            problems += [problem for problem in found if not _follows(problem, broken)]
            broken += _leave_out(rest, details)
            if rest == before:
                raise SettingsError(problems) from None
            continue
        problems += [found for found in check(settings) if not _looked_in_vain(found, broken)]
        if problems:
            raise SettingsError(problems)
        return settings


def _follows(problem: Problem, broken: Sequence[str]) -> bool:
    """Whether a problem is only there because something in or around it was left out."""
    return any(_within(key, problem.key) or _within(problem.key, key) for key in broken)


def _looked_in_vain(found: Problem, broken: Sequence[str]) -> bool:
    needs = (found.needs,) if isinstance(found.needs, str) else found.needs
    inside = any(_within(key, need) for key in broken for need in needs if need)
    return inside or any(_within(place, key) for place in [*needs, found.key] for key in broken)


def _within(key: str, section: str) -> bool:
    return key == section or key.startswith((f"{section}.", f"{section}["))


def _lists_as_tuples(value: Any) -> Any:
    """`value` with tuples for lists: frozen models hold tuples, and strict ones convert nothing."""
    if isinstance(value, dict):
        return {key: _lists_as_tuples(item) for key, item in value.items()}
    return tuple(_lists_as_tuples(item) for item in value) if isinstance(value, list) else value


def dotted(path: Sequence[str | int]) -> str:
    """A path as a person writes it: `data-tier:apps.saleor.redis[0]`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return f"{NAMESPACE}:{text.removeprefix('.')}"


def _place(detail: ErrorDetails) -> Path:
    return tuple(part for part in detail["loc"] if part != "[key]")


def _problem(detail: ErrorDetails, raw: Any) -> Problem:
    value = NOTHING if isinstance(detail["input"], (Mapping, tuple)) else detail["input"]
    if detail["type"] in {"extra_forbidden", "missing"}:
        value = NOTHING
    rule, remedy = _wording(detail)
    if detail["type"] in _BOUNDS and isinstance(written := _at(raw, _place(detail)), str):
        value, rule = written, f"{rule}{'Mi' if written.endswith('i') else ''}"  # sizes are compared in MiB
    return Problem(key=dotted(_place(detail)), value=value, rule=rule, remedy=remedy)


def _at(raw: Any, path: Path) -> Any:
    """What was written at `path`, None where that isn't known."""
    for part in path:
        inside = isinstance(raw, Mapping) or (isinstance(raw, tuple) and isinstance(part, int) and part < len(raw))
        raw = (raw.get(part) if isinstance(raw, Mapping) else raw[part]) if inside else None
    return raw


def _wording(detail: ErrorDetails) -> tuple[str, str]:
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == "rule":
        return context["rule"], context["remedy"]
    if kind in _BOUNDS:
        word, name = _BOUNDS[kind]
        return f"this must be {word} {context[name]}", "Correct the value"
    if kind == "literal_error":
        return f"this must be {context['expected']}", "Write one of them"
    return _WORDING.get(kind, (detail["msg"][:1].lower() + detail["msg"][1:], "Correct the value"))


def _leave_out(raw: Any, details: Sequence[ErrorDetails]) -> list[str]:
    """Take the broken parts out of `raw`, and put a stand-in where a whole section is gone; the keys of both."""
    places = [_place(detail) for detail in details]
    removed = [
        place[:-1] if detail["type"] == "missing" and len(place) > 1 else place
        for place, detail in zip(places, details, strict=True)
    ]
    for place in removed:
        _remove(raw, place)
    gone = [key for key in _STAND_INS if key not in raw]
    raw.update({key: copy.deepcopy(_STAND_INS[key]) for key in gone})
    return [dotted(place) for place in [*removed, *((key,) for key in gone)]]


def _remove(raw: Any, path: Path) -> None:
    """Delete what is at `path`, or the nearest mapping's entry around it."""
    parent, within = raw, 0
    while within < len(path) - 1 and isinstance(parent.get(path[within]), dict):
        parent, within = parent[path[within]], within + 1
    parent.pop(path[within], None)
