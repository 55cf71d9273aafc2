"""One compliant resource and one change per test."""

from __future__ import annotations

import pytest
from pulumi_policy.proxy import UNKNOWN_ARRAY_VALUE, UnknownValueError

from policies.containers import CONTAINER, SERVICE
from policies.rules.docker.container.require_health_check import RULE
from tests.policies.docker_models import APP, STORE, swarm
from tests.policies.judging import changed, found


@pytest.mark.parametrize(
    "check", [..., None, {}, {"tests": []}, {"tests": ["NONE"]}, {"tests": ["CMD"]}, {"tests": ["CMD-SHELL", " "]}]
)
def test_a_store_without_a_health_check_is_refused(check):
    assert len(found(RULE, CONTAINER, changed(STORE, healthcheck=check))) == 1


def test_an_app_may_have_none():
    assert found(RULE, CONTAINER, changed(APP, healthcheck=...)) == []


def test_a_swarm_service_without_one_is_refused():
    assert len(found(RULE, SERVICE, swarm(healthcheck=...))) == 1


def test_an_unknown_check_is_told_later():
    with pytest.raises(UnknownValueError):
        found(RULE, CONTAINER, changed(STORE, healthcheck={"tests": UNKNOWN_ARRAY_VALUE}))
