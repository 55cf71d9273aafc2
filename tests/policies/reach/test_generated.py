"""Thousands of containers: whatever can be reached from outside is refused, whatever can't be is not.

The cases are the same in every run; `POLICY_CASES=100000` looks further and at other ones (`make soak`).
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, given, settings

from policies.catalogue import all_rules
from policies.containers import CONTAINER
from policies.rule import Level, ResourceRule
from tests.policies.judging import findings_so_far, subject
from tests.policies.reach.cases import Case, Published, cases
from tests.policies.reach.oracle import Reach, reach

_MORE = os.environ.get("POLICY_CASES")
ABOUT_REACH = frozenset(
    {
        "refuse-published-data-port",
        "refuse-publish-all-ports",
        "refuse-host-network",
        "require-own-network-for-data",
    }
)
RULES = [rule for rule in all_rules() if isinstance(rule, ResourceRule) and rule.name in ABOUT_REACH]


def refusals(case: Case) -> list[str]:
    one = subject(CONTAINER, case.declared())
    return [f"{rule.name}: {message}" for rule in RULES for message in findings_so_far(rule, one)]


def test_the_rules_about_reach_are_there_and_stop_a_run():
    assert {rule.name for rule in RULES if rule.level is Level.MANDATORY} == ABOUT_REACH


@settings(
    max_examples=int(_MORE or 2000),
    derandomize=not _MORE,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(cases())
def test_what_can_be_reached_is_refused_and_what_cannot_is_not(case: Case) -> None:
    said, found = refusals(case), reach(case)
    if found is Reach.OPEN:
        assert said, f"anybody reaches it, and no rule objects: {case}"
    if found is Reach.CLOSED:
        assert said == [], f"nobody reaches it, and a rule objects: {case}"


@pytest.mark.parametrize(
    ("published", "network", "expected"),
    [
        ((), "data-tier", Reach.CLOSED),
        ((Published("127.0.0.1", 5432, 5432),), "data-tier", Reach.CLOSED),
        ((Published("0.0.0.0", 5432, 5432),), "data-tier", Reach.OPEN),
        ((Published(..., 5432, ...),), "data-tier", Reach.OPEN),
        ((Published("::ffff:0.0.0.0", 5432, 1),), "data-tier", Reach.OPEN),
        ((Published("0", 5432, 1),), "data-tier", Reach.OPEN),
        ((Published("[::1]", 5432, 1),), "data-tier", Reach.OPEN),
        ((), "host", Reach.OPEN),
        ((Published("0.0.0.0", 5432, 1),), "none", Reach.BY_ACCIDENT),
    ],
)
def test_the_oracle_says_what_everybody_knows(published, network, expected):
    assert reach(Case(5432, True, "port", None, published, network, ...)) is expected
