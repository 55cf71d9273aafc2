"""One compliant resource and one change per test."""

from __future__ import annotations

import pytest
from pulumi_policy.proxy import UNKNOWN_NUMBER_VALUE, UnknownValueError

from policies.containers import CONTAINER, SERVICE
from policies.rules.docker.container.require_memory_limit import RULE
from tests.policies.docker_models import APP, ONE_SHOT, STORE, swarm_task
from tests.policies.judging import changed, found


@pytest.mark.parametrize("limit", [..., None, 0, "", -1, "lots"])
@pytest.mark.parametrize("props", [STORE, APP])
def test_no_limit_is_refused(props, limit):
    assert found(RULE, CONTAINER, changed(props, memory=limit)) == ["memory: no limit"]


@pytest.mark.parametrize("limit", [1, 512.0, "512"])
def test_a_limit_passes(limit):
    assert found(RULE, CONTAINER, changed(APP, memory=limit)) == []


def test_a_one_shot_needs_none():
    assert found(RULE, CONTAINER, ONE_SHOT) == []


@pytest.mark.parametrize("resources", [..., {}, {"limits": {}}, {"limits": {"memoryBytes": 0}}])
def test_a_swarm_service_without_limit_is_refused(resources):
    assert len(found(RULE, SERVICE, swarm_task(resources=resources))) == 1


def test_an_unknown_limit_is_told_later():
    with pytest.raises(UnknownValueError):
        found(RULE, CONTAINER, changed(STORE, memory=UNKNOWN_NUMBER_VALUE))
