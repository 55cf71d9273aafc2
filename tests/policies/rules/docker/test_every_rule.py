"""What holds for each rule about Docker: compliant resources pass, unknown ones are told, metadata is complete."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, UnknownValueError

from policies.catalogue import all_rules
from policies.containers import CONTAINER, SERVICE
from policies.rule import ResourceRule
from tests.policies.docker_models import APP, ONE_SHOT, STORE, SWARM
from tests.policies.judging import found

RULES = [
    rule
    for rule in all_rules()
    if isinstance(rule, ResourceRule) and rule.check.__module__.startswith("policies.rules.docker")
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
@pytest.mark.parametrize(
    ("kind", "props"), [(CONTAINER, STORE), (CONTAINER, APP), (CONTAINER, ONE_SHOT), (SERVICE, SWARM)]
)
def test_a_compliant_resource_passes(rule: ResourceRule, kind: str, props: dict[str, Any]) -> None:
    if rule.name == "require-image-digest" and props is APP:
        props = {**props, "image": STORE["image"]}
    assert found(rule, kind, props) == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_resource_of_which_nothing_is_known_is_refused_or_told_later(rule: ResourceRule) -> None:
    keys = ("image", "ports", "labels", "envs", "command", "memory", "healthcheck", "restart", "volumes", "mounts")
    more = ("publishAllPorts", "privileged", "capabilities", "user", "networkMode", "networksAdvanced", "uploads")
    if CONTAINER not in rule.types:
        return
    with pytest.raises(UnknownValueError):
        found(rule, CONTAINER, dict.fromkeys((*keys, *more), UNKNOWN_STRING_VALUE))
