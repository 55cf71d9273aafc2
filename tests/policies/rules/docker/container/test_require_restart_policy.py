"""One compliant resource and one change per test."""

from __future__ import annotations

import pytest
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, UnknownValueError

from policies.containers import CONTAINER, SERVICE
from policies.rules.docker.container.require_restart_policy import RULE
from tests.policies.docker_models import APP, ONE_SHOT, STORE, swarm_task
from tests.policies.judging import changed, found


@pytest.mark.parametrize("policy", [..., None, "", "no", "on-failure", "sometimes"])
def test_a_store_that_stays_away_is_refused(policy):
    assert len(found(RULE, CONTAINER, changed(STORE, restart=policy))) == 1


@pytest.mark.parametrize("policy", ["always", "unless-stopped"])
def test_a_store_that_comes_back_passes(policy):
    assert found(RULE, CONTAINER, changed(STORE, restart=policy)) == []


@pytest.mark.parametrize("props", [APP, ONE_SHOT])
def test_apps_and_one_shots_may_stay_away(props):
    assert found(RULE, CONTAINER, changed(props, restart="no")) == []


@pytest.mark.parametrize(
    ("policy", "count"), [(..., 0), ({}, 0), ({"condition": "any"}, 0), ({"condition": "none"}, 1)]
)
def test_a_swarm_service_comes_back_unless_it_is_told_not_to(policy, count):
    assert len(found(RULE, SERVICE, swarm_task(restartPolicy=policy))) == count


def test_an_unknown_policy_is_told_later():
    with pytest.raises(UnknownValueError):
        found(RULE, CONTAINER, changed(STORE, restart=UNKNOWN_STRING_VALUE))
