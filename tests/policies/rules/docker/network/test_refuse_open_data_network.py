"""One internal data network and one change per test."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi_policy.proxy import (
    UNKNOWN_ARRAY_VALUE,
    UNKNOWN_BOOLEAN_VALUE,
    UNKNOWN_OBJECT_VALUE,
    UNKNOWN_STRING_VALUE,
    UnknownValueError,
)

from policies.networks import NETWORK
from policies.rules.docker.network.refuse_open_data_network import RULE
from tests.policies.judging import changed, findings_so_far, found, subject

DATA = [{"label": "data-tier.tier", "value": "data"}]
COMPLIANT: dict[str, Any] = {"name": "data", "driver": "bridge", "internal": True, "labels": DATA}
BRIDGE = "com.docker.network.bridge."
PUBLISH = {f"{BRIDGE}enable_icc": "false", f"{BRIDGE}host_binding_ipv4": "127.0.0.1"}


def violations(**changes: Any) -> list[str]:
    return found(RULE, NETWORK, changed(COMPLIANT, **changes))


def test_an_internal_network_passes():
    assert violations() == []


@pytest.mark.parametrize("internal", [..., None, False, "false"])
def test_a_data_network_that_is_not_internal_is_refused(internal):
    assert len(violations(internal=internal)) == 1


@pytest.mark.parametrize("labels", [..., None, [], [{"label": "data-tier.tier", "value": "frontend"}]])
def test_networks_of_other_tiers_pass(labels):
    assert violations(internal=False, labels=labels) == []


def test_a_network_that_only_publishes_on_loopback_passes():
    assert violations(internal=False, options=PUBLISH) == []


@pytest.mark.parametrize(
    "options",
    [
        {f"{BRIDGE}enable_icc": "false"},
        {f"{BRIDGE}host_binding_ipv4": "127.0.0.1"},
        {**PUBLISH, f"{BRIDGE}enable_icc": "true"},
        {**PUBLISH, f"{BRIDGE}host_binding_ipv4": "0.0.0.0"},
    ],
)
def test_half_of_the_publish_options_is_not_enough(options):
    assert len(violations(internal=False, options=options)) == 1


@pytest.mark.parametrize("driver", [..., None, "", "bridge", "overlay"])
def test_bridges_and_overlays_pass(driver):
    assert violations(driver=driver) == []


@pytest.mark.parametrize("driver", ["macvlan", "ipvlan", "host", "weave", "MACVLAN"])
def test_drivers_that_put_containers_on_another_network_are_refused(driver):
    assert len(violations(driver=driver)) == 1


def test_the_ingress_network_of_a_swarm_is_refused():
    assert len(violations(ingress=True)) == 1
    assert violations(ingress=False) == []


@pytest.mark.parametrize("mode", ["routed", "nat-unprotected"])
def test_a_routed_bridge_is_refused(mode):
    assert len(violations(options={f"{BRIDGE}gateway_mode_ipv4": mode})) == 1
    assert violations(options={f"{BRIDGE}gateway_mode_ipv4": "isolated"}) == []


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("internal", UNKNOWN_BOOLEAN_VALUE),
        ("driver", UNKNOWN_STRING_VALUE),
        ("ingress", UNKNOWN_BOOLEAN_VALUE),
        ("options", {f"{BRIDGE}gateway_mode_ipv4": UNKNOWN_STRING_VALUE}),
    ],
)
def test_an_unknown_value_is_told(key, value):
    with pytest.raises(UnknownValueError):
        violations(**{key: value})


@pytest.mark.parametrize("options", [UNKNOWN_OBJECT_VALUE, {**PUBLISH, f"{BRIDGE}enable_icc": UNKNOWN_STRING_VALUE}])
def test_unknown_options_are_told_and_are_no_violation(options):
    one = subject(NETWORK, changed(COMPLIANT, internal=False, options=options))
    assert findings_so_far(RULE, one) == []
    with pytest.raises(UnknownValueError):
        one.reader.finish()


def test_an_unknown_label_of_an_open_network_is_told():
    with pytest.raises(UnknownValueError):
        violations(internal=False, labels=UNKNOWN_ARRAY_VALUE)


@pytest.mark.parametrize("option", [f"{BRIDGE}name", f"{BRIDGE}trusted_host_interfaces"])
def test_a_bridge_that_others_may_be_on_is_refused(option):
    assert [option in message for message in violations(options={option: "br0"})] == [True]
    assert violations(options={option: ""}) == []


def test_the_last_of_two_labels_of_one_name_counts():
    labels = [{"label": "data-tier.tier", "value": "x"}, *DATA]
    assert len(violations(internal=False, labels=labels)) == 1
    assert violations(internal=False, labels=labels[::-1]) == []
