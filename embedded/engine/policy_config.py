"""What a policy pack is told about its rules: levels and settings of a file, over those of the pack itself.

Owns reading the file and checking it against what the pack says it has. Source: pkg/resource/analyzer of the CLI.
Stricter in one thing: a rule or setting that the pack doesn't have is refused, since one that is spelled wrong would
leave the pack's own in force without a word.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from embedded.errors import EngineError

ALL: Final = "all"
LEVELS: Final = ("advisory", "mandatory", "remediate", "disabled")
_LEVEL: Final = "enforcementLevel"
_ONE_OF: Final = f"one of {', '.join(LEVELS)}"


@dataclass(frozen=True, kw_only=True)
class RuleConfig:
    """Level and settings of one rule; a level of "" leaves the one that is there."""

    level: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)

    def under(self, other: RuleConfig) -> RuleConfig:
        """This one with what `other` says laid over it."""
        return RuleConfig(level=other.level or self.level, settings={**self.settings, **other.settings})


Rules = Mapping[str, RuleConfig]
"""What is said about each rule; the name `all` stands for every rule's level."""


@dataclass(frozen=True, kw_only=True)
class Declared:
    """A rule as the pack declares it. `schema` maps settings to JSON schemas, None where it says nothing of them."""

    level: str
    schema: Mapping[str, Any] | None = None
    required: Sequence[str] = ()

    @property
    def defaults(self) -> RuleConfig:
        """Its own level and its settings' defaults."""
        found = {key: one["default"] for key, one in (self.schema or {}).items() if "default" in one}
        return RuleConfig(level=self.level, settings=found)


@dataclass(frozen=True, kw_only=True)
class LocalPack:
    """A pack's folder and the file that configures it, read; `rules` is None where no file was given."""

    directory: Path
    file: Path | None = None
    rules: Rules | None = None


def local_packs(directories: Sequence[Path], files: Sequence[Path]) -> list[LocalPack]:
    """Each pack with its file: the first file belongs to the first pack, and so on. Raises EngineError."""
    if files and len(files) != len(directories):
        raise EngineError(
            f"{len(files)} --policy-pack-config for {len(directories)} --policy-pack: give one for each pack, in the "
            "same order (an empty file leaves a pack as it is)"
        )
    if not files:
        return [LocalPack(directory=directory) for directory in directories]
    pairs = zip(directories, files, strict=True)
    return [LocalPack(directory=directory, file=file, rules=load(file)) for directory, file in pairs]


def load(file: Path) -> Rules:
    """What a file says; an empty one says nothing. Raises EngineError with everything that is wrong in it."""
    try:
        text = file.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise EngineError(f"policy pack config {file}: can't be read: {_reason(error)}; name a JSON file") from None
    try:
        content = json.loads(text) if text.strip() else {}
    except json.JSONDecodeError as error:
        raise EngineError(f"policy pack config {file}: no JSON: {error}; mend it there") from None
    if not isinstance(content, dict):
        raise EngineError(f'policy pack config {file}: must be an object of rules, as {{"{ALL}": "advisory"}}')
    _refuse(file, [problem for rule, value in content.items() for problem in _problems(rule, value)])
    return {rule: _parsed(value) for rule, value in content.items()}


def reconciled(pack: LocalPack, declared: Mapping[str, Declared], initial: Rules) -> dict[str, RuleConfig]:
    """Level and settings of every rule: its defaults, then the pack's own initial config, then the file.

    Raises EngineError with every rule and setting that doesn't fit what the pack declares.
    """
    rules = {name: one.defaults for name, one in declared.items()}
    for layer in (initial, pack.rules or {}):
        everywhere = RuleConfig(level=layer.get(ALL, RuleConfig()).level)
        rules = {name: one.under(everywhere).under(layer.get(name, RuleConfig())) for name, one in rules.items()}
    problems = list(_unknown(pack.rules or {}, declared))
    for name, one in declared.items():
        if pack.rules or one.required:
            problems += _misfits(name, one, rules[name].settings)
    _refuse(pack.file or pack.directory, problems)
    return rules


def _parsed(value: str | dict[str, Any]) -> RuleConfig:
    if isinstance(value, str):
        return RuleConfig(level=value)
    settings = {key: setting for key, setting in value.items() if key != _LEVEL}
    return RuleConfig(level=value.get(_LEVEL, ""), settings=settings)


def _problems(rule: str, value: Any) -> Iterator[str]:
    """What is wrong with one entry, whatever the pack is."""
    level = value.get(_LEVEL, LEVELS[0]) if isinstance(value, dict) else value
    if not isinstance(value, str | dict):
        yield f'"{rule}" must be a level ({_ONE_OF}) or an object with "{_LEVEL}" and settings'
    elif level not in LEVELS:
        yield f'"{rule}" has the level {json.dumps(level)}: use {_ONE_OF}'
    if rule == ALL and isinstance(value, dict) and value.keys() - {_LEVEL}:
        yield f'"{ALL}" takes a level only: write settings at their rule'


def _unknown(rules: Rules, declared: Mapping[str, Declared]) -> Iterator[str]:
    """Rules and settings of which the pack knows nothing."""
    for name, one in rules.items():
        if name != ALL and name not in declared:
            yield f'the pack has no rule "{name}": it has {", ".join(sorted(declared)) or "none"}'
            continue
        schema = declared[name].schema if name in declared else None
        if schema is not None:
            for key in sorted(one.settings.keys() - schema.keys()):
                yield f'"{name}" has no setting "{key}": it has {", ".join(sorted(schema)) or "none"}'


def _misfits(name: str, declared: Declared, settings: Mapping[str, Any]) -> Iterator[str]:
    """Settings that don't fit their schemas."""
    from jsonschema import Draft7Validator  # a tenth of a second, while the pack starts

    schema = {"type": "object", "properties": declared.schema or {}, "required": list(declared.required)}
    formats = Draft7Validator.FORMAT_CHECKER  # a regular expression has to compile
    for error in Draft7Validator(schema, format_checker=formats).iter_errors(dict(settings)):
        path = error.json_path.removeprefix("$").removeprefix(".")
        yield f'"{name}"{f", {path}" if path else ""}: {error.message}'


def _refuse(where: Path, problems: list[str]) -> None:
    if len(problems) == 1:
        raise EngineError(f"policy pack config {where}: {problems[0]}")
    if problems:
        raise EngineError(f"policy pack config {where}: {len(problems)} mistakes\n  " + "\n  ".join(problems))


def _reason(error: OSError | UnicodeDecodeError) -> str:
    return (error.strerror or str(error)) if isinstance(error, OSError) else "it isn't UTF-8"
