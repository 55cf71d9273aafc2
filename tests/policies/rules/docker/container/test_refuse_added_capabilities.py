"""One compliant resource and one change per test."""

from __future__ import annotations

import pytest
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, UnknownValueError

from policies.containers import CONTAINER, SERVICE
from policies.rules.docker.container.refuse_added_capabilities import RULE
from tests.policies.docker_models import STORE, swarm
from tests.policies.judging import changed, found


@pytest.mark.parametrize("name", ["CAP_NET_ADMIN", "NET_ADMIN", "net_admin", "ALL", "SYS_ADMIN", "CAP_ALL"])
def test_other_capabilities_are_refused_in_any_spelling(name):
    assert len(found(RULE, CONTAINER, changed(STORE, capabilities={"adds": ["CAP_CHOWN", name]}))) == 1


@pytest.mark.parametrize("capabilities", [..., None, {}, {"adds": []}, {"drops": ["ALL"]}, {"adds": ["chown"]}])
def test_missing_empty_and_allowed_ones_pass(capabilities):
    assert found(RULE, CONTAINER, changed(STORE, capabilities=capabilities)) == []


def test_what_is_allowed_is_a_setting():
    assert len(found(RULE, CONTAINER, STORE, allowed=[])) == 2


def test_a_swarm_service_counts_too():
    assert found(RULE, SERVICE, swarm(capAdds=["NET_ADMIN"])) == ["capAdds[0]: NET_ADMIN"]


def test_an_unknown_capability_is_told_later():
    with pytest.raises(UnknownValueError):
        found(RULE, CONTAINER, changed(STORE, capabilities={"adds": [UNKNOWN_STRING_VALUE]}))
