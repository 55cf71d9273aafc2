"""One compliant resource and one change per test."""

from __future__ import annotations

import pytest
from pulumi_policy.proxy import UNKNOWN_BOOLEAN_VALUE, UnknownValueError

from policies.containers import CONTAINER
from policies.rules.docker.container.refuse_publish_all_ports import RULE
from tests.policies.docker_models import APP, STORE
from tests.policies.judging import changed, found


@pytest.mark.parametrize("value", [True, "true", 1, "yes"])
@pytest.mark.parametrize("props", [STORE, APP])
def test_publishing_whatever_the_image_exposes_is_refused(props, value):
    assert len(found(RULE, CONTAINER, changed(props, publishAllPorts=value))) == 1


@pytest.mark.parametrize("value", [..., None, False, "false"])
def test_missing_and_switched_off_pass(value):
    assert found(RULE, CONTAINER, changed(STORE, publishAllPorts=value)) == []


def test_an_unknown_switch_is_told_later():
    with pytest.raises(UnknownValueError):
        found(RULE, CONTAINER, changed(STORE, publishAllPorts=UNKNOWN_BOOLEAN_VALUE))
