"""Levels and settings from the pack's configuration file, and each way in which it can be wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from operate.audit import policy_config
from operate.audit.errors import InputError
from operate.audit.judge import Found, judge
from operate.audit.policy_config import PolicyConfig
from operate.audit.resources import Resource, Source
from policies.catalogue import all_rules
from policies.containers import CONTAINER
from policies.rule import Level

RULE = next(rule for rule in all_rules() if rule.name == "refuse-published-data-port")
URN = f"urn:pulumi:compose::p::{CONTAINER}::db"
OFFENDER = Resource(type=CONTAINER, name="db", urn=URN, props={"image": "redis:7", "ports": [{"internal": 6379}]})


def read(folder: Path, content: Any) -> PolicyConfig:
    path = folder / "config.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return policy_config.read(path, all_rules())


def found(config: PolicyConfig) -> list[Found]:
    return judge(Source(kind="compose", name="x", resources=[OFFENDER]), [RULE], config)[0]


@pytest.mark.parametrize(
    ("content", "level"),
    [
        ({}, Level.MANDATORY),
        ({"all": "advisory"}, Level.ADVISORY),
        ({"all": "disabled", RULE.name: "mandatory"}, Level.MANDATORY),
        ({RULE.name: "disabled"}, Level.DISABLED),
        ({RULE.name: {"enforcementLevel": "advisory"}}, Level.ADVISORY),
        ({RULE.name: "remediate"}, Level.MANDATORY),
        ({"all": "advisory", RULE.name: {"exceptions": []}}, Level.ADVISORY),
    ],
)
def test_a_rules_own_level_goes_before_that_of_all(tmp_path, content, level):
    assert read(tmp_path, content).level(RULE) is level


def test_a_disabled_rule_finds_nothing(tmp_path):
    assert found(read(tmp_path, {RULE.name: "disabled"})) == []
    assert [one.level for one in found(read(tmp_path, {RULE.name: "advisory"}))] == ["advisory"]


def test_an_exception_lets_through_until_it_has_run_out(tmp_path):
    def excepted(until: str) -> PolicyConfig:
        entry = {"urn": URN, "reason": "moves next week", "until": until}
        return read(tmp_path, {RULE.name: {"exceptions": [entry]}})

    assert found(excepted("2999-12-31")) == []
    assert len(found(excepted("2020-01-01"))) == 2


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("{", "no JSON"),
        ("[]", "object"),
        ({"no-such-rule": "advisory"}, "no-such-rule"),
        ({"all": "loud"}, "all"),
        ({"all": {"exceptions": []}}, "all"),
        ({RULE.name: "loud"}, RULE.name),
        ({RULE.name: 3}, RULE.name),
        ({RULE.name: {"enforcementLevel": 3}}, "level 3"),
        ({RULE.name: {"nonsense": 3}}, "nonsense"),
        ({RULE.name: {"exceptions": [{"urn": URN}]}}, "exceptions"),
    ],
)
def test_a_wrong_file_is_one_error(tmp_path, content, told):
    with pytest.raises(InputError, match=told):
        read(tmp_path, content)


def test_everything_that_is_wrong_is_said_at_once(tmp_path):
    with pytest.raises(InputError, match=r"(?s)first.*second"):
        read(tmp_path, {"first": "advisory", "second": "advisory"})


def test_a_missing_file_is_one_error(tmp_path):
    with pytest.raises(InputError, match="gone"):
        policy_config.read(tmp_path / "gone", all_rules())
