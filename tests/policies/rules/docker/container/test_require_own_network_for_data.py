"""One data container on a named network and one change per test."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi_policy.proxy import UNKNOWN_ARRAY_VALUE, UNKNOWN_STRING_VALUE, UnknownValueError

from policies.containers import CONTAINER, SERVICE
from policies.rules.docker.container.require_own_network_for_data import RULE
from tests.policies.docker_models import APP, STORE, SWARM
from tests.policies.judging import changed, findings_so_far, found, subject

ALONE = changed(STORE, networksAdvanced=...)


def violations(props: dict[str, Any], kind: str = CONTAINER) -> list[str]:
    return found(RULE, kind, props)


def test_data_on_a_named_network_passes():
    assert violations(STORE) == []


@pytest.mark.parametrize("mode", ["bridge", "default", "", None])
def test_the_mode_that_the_provider_fills_in_beside_named_networks_passes(mode):
    assert violations(changed(STORE, networkMode=mode)) == []


@pytest.mark.parametrize("mode", ["host", "HOST", "container:web", "Container:0123"])
def test_the_network_of_the_host_or_of_another_container_is_refused(mode):
    assert len(violations(changed(STORE, networkMode=mode))) == 1


@pytest.mark.parametrize("mode", [..., None, "", "bridge", "default", " Bridge "])
@pytest.mark.parametrize("networks", [..., None, []])
def test_a_missing_or_empty_network_is_the_default_one(mode, networks):
    assert len(violations(changed(STORE, networkMode=mode, networksAdvanced=networks))) == 1


@pytest.mark.parametrize("mode", ["none", "data-tier"])
def test_no_network_and_a_named_mode_pass(mode):
    assert violations(changed(ALONE, networkMode=mode)) == []


@pytest.mark.parametrize("name", ["bridge", "host", "ingress", "docker_gwbridge", "Bridge"])
def test_a_network_that_every_host_has_is_refused_in_the_list(name):
    props = changed(STORE, networksAdvanced=[{"name": "data-tier"}, {"name": name}])
    assert violations(props)[0].startswith("networksAdvanced[1]:")


@pytest.mark.parametrize("mode", ["host", "bridge", "container:db"])
def test_an_app_may_be_anywhere(mode):
    assert violations(changed(APP, networkMode=mode, networksAdvanced=...)) == []


def test_a_swarm_service_on_a_named_network_passes():
    assert violations(SWARM, SERVICE) == []


@pytest.mark.parametrize("networks", [..., [], [{"name": "host"}], [{"id": "ingress"}]])
def test_a_swarm_service_on_the_default_or_the_hosts_network_is_refused(networks):
    task = changed(SWARM["taskSpec"], networksAdvanceds=networks)
    assert violations(changed(SWARM, taskSpec=task), SERVICE)[0].startswith("taskSpec.networksAdvanceds")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("networkMode", UNKNOWN_STRING_VALUE),
        ("networksAdvanced", UNKNOWN_ARRAY_VALUE),
        ("networksAdvanced", [{"name": UNKNOWN_STRING_VALUE}]),
    ],
)
def test_an_unknown_network_is_told_and_is_no_violation(key, value):
    one = subject(CONTAINER, changed(ALONE, **{key: value}))
    assert findings_so_far(RULE, one) == []
    with pytest.raises(UnknownValueError):
        one.reader.finish()


def test_an_unknown_network_does_not_hide_the_hosts():
    one = subject(CONTAINER, changed(ALONE, networkMode="host", networksAdvanced=UNKNOWN_ARRAY_VALUE))
    assert len(findings_so_far(RULE, one)) == 1


def test_an_unknown_image_on_the_default_network_is_told():
    with pytest.raises(UnknownValueError):
        violations({"image": UNKNOWN_STRING_VALUE})


def test_an_unknown_task_of_a_swarm_service_is_told():
    with pytest.raises(UnknownValueError):
        violations({"taskSpec": UNKNOWN_STRING_VALUE}, SERVICE)
