"""docs/policies.md and the configs of the stacks: both say what the rules are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from policies.catalogue import all_rules
from policies.docs import CONFIGS, PAGE, _level, page
from policies.rule import EXCEPTIONS, Level

RULES = {rule.name: rule for rule in all_rules()}
FILES = sorted(CONFIGS.glob("*.json"))


def entries(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(file.read_text())
    return found


def test_the_page_is_what_the_rules_say() -> None:
    assert PAGE.read_text() == page(), "docs/policies.md is stale: `make docs` writes it"


def test_every_rule_has_a_section_to_which_its_findings_can_lead() -> None:
    headings = [line[4:] for line in PAGE.read_text().splitlines() if line.startswith("### ")]
    assert headings == sorted(RULES)


def test_there_are_configs_for_development_and_production() -> None:
    assert [file.stem for file in FILES] == ["dev", "prod"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_config_names_rules_that_there_are_with_levels_and_settings_that_fit(file: Path) -> None:
    for name, entry in entries(file).items():
        rule = RULES[name]
        settings = dict(entry) if isinstance(entry, dict) else {"enforcementLevel": entry}
        assert settings.pop("enforcementLevel", "advisory") in {level.value for level in Level}
        schemas = {**rule.settings, "exceptions": EXCEPTIONS}
        assert settings.keys() <= schemas.keys(), name
        for key, value in settings.items():
            Draft7Validator(dict(schemas[key])).validate(value)


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.name)
def test_a_setting_is_described_and_its_default_fits_its_schema(rule: Any) -> None:
    for schema in [*rule.settings.values(), EXCEPTIONS]:
        Draft7Validator.check_schema(dict(schema))
        Draft7Validator(dict(schema)).validate(schema["default"])
        assert schema["description"].endswith(".")


def test_production_is_never_milder_than_the_rules_themselves() -> None:
    order = [Level.DISABLED.value, Level.ADVISORY.value, Level.MANDATORY.value]
    for name, entry in entries(CONFIGS / "prod.json").items():
        level = _level(entry) or RULES[name].level.value
        assert order.index(level) >= order.index(RULES[name].level.value), name


@pytest.mark.parametrize("name", ["refuse-loopback-data-port", "require-image-digest"])
def test_what_differs_by_environment_is_told_strict_in_production_and_off_in_development(name: str) -> None:
    assert RULES[name].level is Level.ADVISORY
    assert _level(entries(CONFIGS / "prod.json")[name]) == "mandatory"
    assert _level(entries(CONFIGS / "dev.json")[name]) == "disabled"
