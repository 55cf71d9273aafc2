"""Levels and settings of rules from the file of `--policy-pack-config`, by the engine's own reader."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from embedded.engine.policy_config import Declared, LocalPack, load, reconciled
from embedded.errors import EngineError
from operate.audit.errors import InputError
from policies.pack import settings_of
from policies.rule import EXCEPTIONS, Level, Rule, Settings

_REMEDIATE: Final = "remediate"  # a level of the CLI; nothing here mends


@dataclass(frozen=True, kw_only=True)
class PolicyConfig:
    """What is configured, by rule; everything else is the rule's own."""

    levels: Mapping[str, Level] = field(default_factory=dict)
    configured: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def level(self, rule: Rule) -> Level:
        """The rule's level."""
        return self.levels.get(rule.name, rule.level_today())

    def settings(self, rule: Rule) -> Settings:
        """The rule's settings over its defaults."""
        return settings_of(rule, self.configured.get(rule.name))


def read(path: Path, rules: Iterable[Rule]) -> PolicyConfig:
    """The configuration in a file. Raises InputError with everything that is wrong in it."""
    declared = {
        rule.name: Declared(level=rule.level_today().value, schema={**rule.settings, "exceptions": EXCEPTIONS})
        for rule in rules
    }
    try:
        found = reconciled(LocalPack(directory=path.parent, file=path, rules=load(path)), declared, {})
    except EngineError as error:
        raise InputError(str(error)) from None
    return PolicyConfig(
        levels={name: _level(one.level) for name, one in found.items()},
        configured={name: one.settings for name, one in found.items()},
    )


def _level(text: str) -> Level:
    return Level.MANDATORY if text == _REMEDIATE else Level(text)
