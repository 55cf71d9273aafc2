"""A store on an internal network of its stack, and one change per test."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi_policy.proxy import UNKNOWN_ARRAY_VALUE, UNKNOWN_BOOLEAN_VALUE, UNKNOWN_STRING_VALUE, UnknownValueError

from policies.containers import CONTAINER, SERVICE
from policies.networks import NETWORK
from policies.rules.docker.network.require_internal_data_network import RULE
from tests.policies.docker_models import APP, STORE, SWARM
from tests.policies.judging import changed, found_in_stack, subject

INTERNAL: dict[str, Any] = {"name": "data-tier", "internal": True}
OPEN: dict[str, Any] = {"name": "open", "internal": False}
BRIDGE = "com.docker.network.bridge."
PUBLISH = {"name": "out", "options": {f"{BRIDGE}enable_icc": "false", f"{BRIDGE}host_binding_ipv4": "127.0.0.1"}}
FORWARDER = [{"label": "data-tier.tier", "value": "data"}, {"label": "data-tier.component", "value": "forwarder"}]

RELAY = [{"label": "data-tier.tier", "value": "data"}, {"label": "data-tier.component", "value": "relay"}]


def violations(
    container: dict[str, Any], *networks: dict[str, Any], kind: str = CONTAINER, **settings: Any
) -> list[str]:
    declared = [subject(NETWORK, props, name=f"network-{at}") for at, props in enumerate(networks)]
    return [one.message for one in found_in_stack(RULE, [subject(kind, container), *declared], **settings)]


def relay() -> dict[str, Any]:
    command = ["socat", "TCP4-LISTEN:5432,fork", "TCP:db.example.com:5432"]
    return changed(on("data-tier", "open"), labels=RELAY, command=command, volumes=..., ports=...)


def on(*names: str) -> dict[str, Any]:
    return changed(STORE, networksAdvanced=[{"name": name} for name in names])


def test_a_store_on_an_internal_network_passes():
    assert violations(STORE, INTERNAL, OPEN) == []


@pytest.mark.parametrize("internal", [..., None, False, "false"])
def test_a_network_that_is_not_internal_is_refused(internal):
    assert len(violations(STORE, changed(INTERNAL, internal=internal))) == 1


def test_one_open_network_beside_an_internal_one_is_refused():
    assert violations(on("data-tier", "open"), INTERNAL, OPEN)[0].startswith("networksAdvanced[1]:")


def test_a_network_is_found_by_its_id_too():
    assert violations(on("0123"), {**INTERNAL, "id": "0123"}) == []
    assert len(violations(on("0123"), {**OPEN, "id": "0123"})) == 1


def test_a_mode_that_names_a_network_joins_it():
    props = changed(STORE, networksAdvanced=..., networkMode="open")
    assert violations(props, OPEN)[0].startswith("networkMode:")


def test_a_network_outside_the_stack_is_refused_unless_it_is_listed():
    assert len(violations(on("elsewhere"), INTERNAL)) == 1
    assert violations(on("elsewhere"), INTERNAL, internal=["elsewhere"]) == []


def test_an_app_may_be_on_any_network():
    assert violations(changed(APP, networksAdvanced=[{"name": "open"}]), OPEN) == []


def test_a_forwarder_may_be_on_a_network_that_only_publishes_on_loopback():
    assert violations(changed(on("data-tier", "out"), labels=FORWARDER), INTERNAL, PUBLISH) == []


def test_a_forwarder_on_an_open_network_is_refused():
    assert len(violations(changed(on("data-tier", "open"), labels=FORWARDER), INTERNAL, OPEN)) == 1


def test_a_relay_that_holds_and_publishes_nothing_may_be_on_a_network_that_leads_out():
    assert violations(relay(), INTERNAL, OPEN) == []


@pytest.mark.parametrize(
    "change",
    [
        {"volumes": [{"volumeName": "data", "containerPath": "/data"}]},
        {"ports": [{"internal": 5432, "external": 5432, "ip": "127.0.0.1"}]},
        {"command": ["postgres"]},
        {"labels": FORWARDER},
    ],
)
def test_what_only_says_that_it_is_a_relay_is_refused(change):
    assert len(violations(changed(relay(), **change), INTERNAL, OPEN)) == 1


def test_a_store_on_a_network_that_only_publishes_on_loopback_is_refused():
    assert len(violations(on("data-tier", "out"), INTERNAL, PUBLISH)) == 1


def test_a_one_shot_without_a_network_passes():
    assert violations(changed(STORE, networksAdvanced=..., networkMode="none")) == []


def test_a_swarm_service_is_judged_alike():
    assert violations(SWARM, INTERNAL, kind=SERVICE) == []
    assert len(violations(SWARM, {**INTERNAL, "internal": False}, kind=SERVICE)) == 1


@pytest.mark.parametrize(
    ("container", "network"),
    [
        (changed(STORE, networksAdvanced=UNKNOWN_ARRAY_VALUE), INTERNAL),
        (on(UNKNOWN_STRING_VALUE), INTERNAL),
        (STORE, changed(INTERNAL, internal=UNKNOWN_BOOLEAN_VALUE)),
        (changed(APP, image=UNKNOWN_STRING_VALUE, labels=..., networksAdvanced=[{"name": "open"}]), OPEN),
    ],
)
def test_an_unknown_value_is_told(container, network):
    with pytest.raises(UnknownValueError):
        violations(container, network)


def test_an_unknown_id_of_a_network_that_is_found_by_name_is_not_asked_for():
    assert violations(STORE, {**INTERNAL, "id": UNKNOWN_STRING_VALUE}) == []


@pytest.mark.parametrize(
    "change",
    [
        {"driver": "macvlan"},
        {"driver": "ipvlan"},
        {"driver": "weave"},
        {"ingress": True},
        {"options": {f"{BRIDGE}name": "br0"}},
        {"options": {f"{BRIDGE}gateway_mode_ipv4": "routed"}},
        {"options": {f"{BRIDGE}trusted_host_interfaces": "eth1"}},
    ],
)
def test_an_internal_network_that_other_machines_are_on_is_refused(change):
    assert len(violations(STORE, {**INTERNAL, **change})) == 1


@pytest.mark.parametrize("open_first", [True, False])
def test_of_two_networks_of_one_name_an_open_one_counts(open_first):
    both = [{**OPEN, "name": "data-tier"}, INTERNAL]
    assert len(violations(STORE, *(both if open_first else both[::-1]))) == 1
