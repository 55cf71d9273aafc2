"""One compliant resource and one change per test."""

from __future__ import annotations

import pytest
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, UnknownValueError

from policies.containers import CONTAINER, SERVICE
from policies.rules.docker.container.refuse_host_network import RULE
from tests.policies.docker_models import APP, STORE, swarm_task
from tests.policies.judging import changed, found


@pytest.mark.parametrize(
    "change", [{"networkMode": "host"}, {"networkMode": "HOST "}, {"networksAdvanced": [{"name": "host"}]}]
)
@pytest.mark.parametrize("props", [APP, STORE])
def test_the_hosts_network_is_refused_whatever_the_container_holds(props, change):
    assert len(found(RULE, CONTAINER, changed(props, **change))) == 1


@pytest.mark.parametrize("mode", [..., None, "", "none", "bridge", "host-only-name"])
def test_other_networks_pass(mode):
    assert found(RULE, CONTAINER, changed(APP, networkMode=mode)) == []


def test_a_swarm_service_counts_too():
    assert len(found(RULE, SERVICE, swarm_task(networksAdvanceds=[{"name": "host"}]))) == 1


def test_an_unknown_mode_is_told_later():
    with pytest.raises(UnknownValueError):
        found(RULE, CONTAINER, changed(APP, networkMode=UNKNOWN_STRING_VALUE))
