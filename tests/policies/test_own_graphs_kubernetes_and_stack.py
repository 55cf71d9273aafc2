"""Rules on networks, stacks and Kubernetes look at what the program itself builds, in every shape."""

from __future__ import annotations

import pytest

from policies.catalogue import all_rules
from policies.rule import ResourceRule, StackRule
from tests.policies.judging import findings_so_far, found_in_stack
from tests.policies.own_graphs import NAMES, own_graph

FOLDERS = ("kubernetes", "stack", "docker.network", "docker.container.require_own_network_for_data")
RULES = [
    rule
    for rule in all_rules()
    if rule.check.__module__.removeprefix("policies.rules.").startswith(FOLDERS)  # type: ignore[attr-defined]
]


def test_the_rules_are_in_the_catalogue():
    assert len(RULES) == 16


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_no_rule_finds_fault_with_what_the_program_builds(rule, name):
    subjects = own_graph(name)
    if isinstance(rule, StackRule):
        assert found_in_stack(rule, subjects) == []
    else:
        assert isinstance(rule, ResourceRule)
        assert [message for one in subjects for message in findings_so_far(rule, one)] == []
        assert [one.urn for one in subjects if one.reader.unknown] == []
