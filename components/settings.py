"""The stack's configuration, read from Pulumi. The only module that touches it; what it means belongs to `config`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import pulumi
from pulumi.runtime.config import CONFIG, get_config_env

from components.config import Problem, Settings, SettingsError, parse
from components.config.text import meant
from components.postgres import authority_files, init_files

_PREFIX: Final = "data-tier:"


def load() -> Settings:
    """The settings of the running stack. Raises pulumi.RunError, which is shown without a traceback."""
    try:
        settings = parse(from_strings({**get_config_env(), **CONFIG.get()}))
        if problems := [*init_files.problems(settings), *authority_files.problems(settings)]:
            raise SettingsError(problems)
        return settings
    except SettingsError as error:
        raise pulumi.RunError(str(error)) from None


def from_strings(config: Mapping[str, str]) -> dict[str, Any]:
    """The project's part of the configuration: Pulumi hands every value over as text, structured ones as JSON."""
    return {key[len(_PREFIX) :]: _value(key, text) for key, text in config.items() if key.startswith(_PREFIX)}


def _value(key: str, text: str) -> Any:
    if text[:1] not in {"{", "["}:
        return meant(text)
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        rule = "it begins like a structured value and isn't one"
        problem = Problem(key=key, rule=rule, remedy="Write it as YAML in the stack file")
        raise SettingsError([problem]) from None
