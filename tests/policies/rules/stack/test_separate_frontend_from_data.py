"""A frontend and a store on networks of their own, and one change per test."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi_policy.proxy import UNKNOWN_ARRAY_VALUE, UNKNOWN_STRING_VALUE, UnknownValueError

from policies.containers import CONTAINER
from policies.networks import NETWORK
from policies.rules.stack.separate_frontend_from_data import RULE
from tests.policies.docker_models import APP, STORE
from tests.policies.judging import changed, found_in_stack, subject


def labelled(tier: str) -> list[dict[str, str]]:
    return [{"label": "data-tier.tier", "value": tier}]


NETWORKS = [
    {"name": "data-tier", "id": "0123", "labels": labelled("data")},
    {"name": "frontend-tier", "labels": labelled("frontend")},
    {"name": "plain"},
]


def violations(*containers: dict[str, Any], networks: list[dict[str, Any]] = NETWORKS) -> list[str]:
    subjects = [subject(NETWORK, props, name=f"network-{at}") for at, props in enumerate(networks)]
    subjects += [subject(CONTAINER, props, name=f"container-{at}") for at, props in enumerate(containers)]
    return [one.message for one in found_in_stack(RULE, subjects)]


def on(base: dict[str, Any], *names: str, **changes: Any) -> dict[str, Any]:
    return changed(base, networksAdvanced=[{"name": name} for name in names], **changes)


def test_a_frontend_and_a_store_apart_pass():
    assert violations(APP, STORE) == []


@pytest.mark.parametrize("name", ["data-tier", "0123"])
def test_a_frontend_on_a_data_network_is_refused(name):
    assert violations(on(APP, "frontend-tier", name))[0].startswith("networksAdvanced[1]:")


def test_a_container_is_a_frontend_by_its_network_too():
    backend = on(APP, "frontend-tier", "data-tier", labels=labelled("backend"))
    assert len(violations(backend)) == 1


def test_a_store_on_a_frontend_network_is_refused():
    assert len(violations(on(STORE, "data-tier", "frontend-tier"))) == 1


def test_a_network_without_a_label_that_both_are_on_is_refused():
    assert len(violations(on(APP, "plain"), on(STORE, "plain"))) == 1


def test_a_network_outside_the_stack_that_both_are_on_is_refused():
    assert len(violations(on(APP, "elsewhere"), on(STORE, "elsewhere"))) == 1


def test_a_backend_may_share_a_network_with_data():
    assert violations(on(APP, "plain", "data-tier", labels=labelled("backend")), on(STORE, "plain")) == []


def test_a_frontend_may_share_a_network_with_a_backend():
    assert violations(on(APP, "plain"), on(APP, "plain", labels=labelled("backend"))) == []


@pytest.mark.parametrize("networks", [..., None, []])
def test_a_frontend_without_networks_passes(networks):
    assert violations(changed(APP, networksAdvanced=networks), STORE) == []


@pytest.mark.parametrize(
    "containers",
    [
        (on(APP, UNKNOWN_STRING_VALUE), STORE),
        (changed(APP, networksAdvanced=UNKNOWN_ARRAY_VALUE), STORE),
        (changed(APP, labels=UNKNOWN_ARRAY_VALUE), STORE),
        (on(APP, "plain"), {"networksAdvanced": [{"name": "plain"}], "image": UNKNOWN_STRING_VALUE}),
    ],
)
def test_an_unknown_value_is_told(containers):
    with pytest.raises(UnknownValueError):
        violations(*containers)


def test_unknown_labels_of_a_network_are_told():
    with pytest.raises(UnknownValueError):
        violations(APP, networks=[{"name": "frontend-tier", "labels": UNKNOWN_ARRAY_VALUE}])


def sharing(of: str, **changes: Any) -> dict[str, Any]:
    return changed(APP, networksAdvanced=..., networkMode=f"container:{of}", **changes)


@pytest.mark.parametrize("name", ["db", "/db", "0123456789ab"])
def test_a_frontend_in_the_network_of_a_store_is_refused(name):
    found = violations(sharing(name), changed(STORE, id="0123456789ab"))
    assert [message.partition(":")[0] for message in found] == ["networkMode"]


def test_a_frontend_has_the_networks_of_the_container_whose_network_it_shares():
    helper = on(APP, "data-tier", name="helper", labels=labelled("backend"))
    assert len(violations(sharing("helper"), helper, STORE)) == 1
    assert (
        len(violations(sharing("middle"), sharing("helper", name="middle", labels=labelled("backend")), helper, STORE))
        == 1
    )


def test_containers_that_share_each_other_s_network_pass():
    assert violations(sharing("b", name="a"), sharing("a", name="b"), STORE) == []


@pytest.mark.parametrize("labels", [..., [], labelled("front-end")])
def test_a_published_container_without_a_tier_is_not_on_a_data_network(labels):
    assert len(violations(on(APP, "data-tier", labels=labels))) == 1
    loopback = [{"internal": 3000, "external": 3000, "ip": "127.0.0.1"}]
    assert violations(on(APP, "data-tier", labels=labels, ports=loopback)) == []


def test_of_two_networks_of_one_name_each_label_counts():
    decoy = {"name": "data-tier", "labels": labelled("backend")}
    assert len(violations(on(APP, "data-tier"), networks=[*NETWORKS, decoy])) == 1
