"""One policy that names the apps that may come in, and one change per test."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi_policy.proxy import UNKNOWN_ARRAY_VALUE, UNKNOWN_OBJECT_VALUE, UNKNOWN_STRING_VALUE, UnknownValueError

from policies.rules.kubernetes.network_policy.refuse_open_data_policy import RULE
from tests.policies.judging import findings_so_far, found, subject
from tests.policies.kubernetes_models import POLICY, with_spec

BACKEND = {"podSelector": {"matchLabels": {"tier": "backend"}}}
COMPLIANT: dict[str, Any] = {
    "metadata": {"name": "guard"},
    "spec": {
        "podSelector": {"matchLabels": {"app": "postgres"}},
        "policyTypes": ["Ingress"],
        "ingress": [{"from": [BACKEND], "ports": [{"port": 5432}]}],
    },
}
WEB = {"podSelector": {"matchLabels": {"app": "web"}}}


def violations(props: dict[str, Any], kind: str = POLICY) -> list[str]:
    return found(RULE, kind, props)


def letting_in(*rules: Any, **spec: Any) -> dict[str, Any]:
    return with_spec(COMPLIANT, ingress=list(rules), **spec)


def test_a_policy_that_names_apps_passes():
    assert violations(COMPLIANT) == []


@pytest.mark.parametrize(
    "rule",
    [
        {},
        {"from": []},
        {"from": None, "ports": [{"port": 5432}]},
        {"ports": [{"port": 5432}]},
        {"from": [{}]},
        {"from": [{"podSelector": {}}]},
        {"from": [{"podSelector": {"matchLabels": {}}}]},
        {"from": [{"namespaceSelector": {}}]},
        {"from": [{"namespaceSelector": {}, "podSelector": {}}]},
        {"from": [BACKEND, {"podSelector": {}}]},
        {"from": [{"podSelector": {"matchExpressions": [{"key": "x", "operator": "DoesNotExist"}]}}]},
        {"from": [{"podSelector": {"matchExpressions": [{"key": "x", "operator": "NotIn", "values": ["y"]}]}}]},
    ],
)
def test_false_negative_4_an_allow_all_policy_does_not_count_as_one(rule):
    assert len(violations(letting_in(rule))) == 1


@pytest.mark.parametrize(
    "block", ["0.0.0.0/0", "::/0", "0.0.0.0/1", "128.0.0.0/1", "203.0.113.0/24", "8.0.0.0/6", "::ffff:0:0/96", "any"]
)
def test_false_negative_4_a_block_of_outside_addresses_is_refused(block):
    assert len(violations(letting_in({"from": [{"ipBlock": {"cidr": block, "except": ["10.0.0.0/8"]}}]}))) == 1


@pytest.mark.parametrize("block", ["10.1.0.0/16", "192.168.1.7/32", "fd00::/8"])
def test_a_block_of_private_addresses_passes(block):
    assert violations(letting_in({"from": [{"ipBlock": {"cidr": block}}]})) == []


@pytest.mark.parametrize(
    "peer",
    [
        {"namespaceSelector": {"matchLabels": {"team": "shop"}}, "podSelector": {}},
        {"podSelector": {"matchExpressions": [{"key": "app", "operator": "In", "values": ["web"]}]}},
    ],
)
def test_a_peer_that_names_somebody_passes(peer):
    assert violations(letting_in({"from": [peer]})) == []


@pytest.mark.parametrize("rules", [..., None, []])
def test_no_rule_lets_nobody_in(rules):
    assert violations(with_spec(COMPLIANT, ingress=rules)) == []


def test_a_policy_on_outgoing_traffic_passes():
    assert violations(letting_in({}, policyTypes=["Egress"])) == []


def test_missing_policy_types_are_incoming():
    assert len(violations(letting_in({}, policyTypes=...))) == 1


def test_an_open_policy_on_an_app_passes():
    assert violations(letting_in({"ports": [{"port": 80}]}, **WEB)) == []


@pytest.mark.parametrize("port", [{"port": 5432}, {"port": "postgresql"}, {"port": 5000, "endPort": 6000}])
def test_an_open_data_port_is_refused_whatever_is_selected(port):
    assert len(violations(letting_in({"ports": [port]}, **WEB))) == 1


@pytest.mark.parametrize("selector", [{}, None, ...])
def test_a_policy_on_every_pod_is_one_on_data(selector):
    assert len(violations(letting_in({}, podSelector=selector))) == 1


def test_a_policy_on_every_pod_for_a_port_without_data_passes():
    assert violations(letting_in({"ports": [{"port": 443}]}, podSelector={})) == []


@pytest.mark.parametrize("metadata", [{"name": "postgres"}, {"name": "x", "namespace": "database"}])
def test_name_and_namespace_tell_data(metadata):
    assert len(violations({**letting_in({"ports": [{"port": 80}]}, **WEB), "metadata": metadata})) == 1


@pytest.mark.parametrize(
    ("kind", "wrapped"),
    [
        ("kubernetes:networking.k8s.io/v1:NetworkPolicyPatch", lambda one: one),
        ("kubernetes:networking.k8s.io/v1:NetworkPolicyList", lambda one: {"items": [one]}),
        ("kubernetes:extensions/v1beta1:NetworkPolicy", lambda one: one),
    ],
)
def test_every_kind_of_policy_is_looked_at(kind, wrapped):
    assert len(violations(wrapped(letting_in({})), kind)) == 1


CILIUM = "kubernetes:cilium.io/v2:CiliumNetworkPolicy"
ENDPOINTS = {"endpointSelector": {"matchLabels": {"app": "redis"}}}


@pytest.mark.parametrize(
    "rule",
    [
        {"fromEntities": ["world"]},
        {"fromEntities": ["all"]},
        {"fromCIDR": ["0.0.0.0/0"]},
        {"fromCIDRSet": [{"cidr": "::/0"}]},
        {"fromEndpoints": [{}]},
        {"toPorts": [{"ports": [{"port": "6379"}]}]},
    ],
)
def test_open_policies_of_cilium_are_refused(rule):
    assert len(violations({"spec": {**ENDPOINTS, "ingress": [rule]}}, CILIUM)) == 1


@pytest.mark.parametrize(
    "rule", [{}, {"fromEndpoints": [{"matchLabels": {"app": "web"}}]}, {"fromCIDR": ["10.0.0.0/8"]}]
)
def test_policies_of_cilium_that_name_somebody_or_nobody_pass(rule):
    assert violations({"spec": {**ENDPOINTS, "ingress": [rule]}}, CILIUM) == []


CALICO = "kubernetes:crd.projectcalico.org/v1:GlobalNetworkPolicy"


@pytest.mark.parametrize(
    ("rule", "count"),
    [
        ({"action": "Allow"}, 1),
        ({"action": "Allow", "source": {}}, 1),
        ({"action": "Allow", "source": {"nets": ["0.0.0.0/0"]}}, 1),
        ({"action": "Deny"}, 0),
        ({"action": "Allow", "source": {"selector": "app == 'web'"}}, 0),
    ],
)
def test_policies_of_calico_are_judged_alike(rule, count):
    assert len(violations({"spec": {"selector": "app == 'postgres'", "ingress": [rule]}}, CALICO)) == count


@pytest.mark.parametrize(
    "rule",
    [
        UNKNOWN_OBJECT_VALUE,
        {"from": UNKNOWN_ARRAY_VALUE},
        {"from": [UNKNOWN_OBJECT_VALUE]},
        {"from": [{"podSelector": UNKNOWN_OBJECT_VALUE}]},
        {"from": [{"ipBlock": {"cidr": UNKNOWN_STRING_VALUE}}]},
    ],
)
def test_an_unknown_peer_is_told_and_is_no_violation(rule):
    one = subject(POLICY, letting_in(rule))
    assert findings_so_far(RULE, one) == []
    with pytest.raises(UnknownValueError):
        one.reader.finish()


def test_an_unknown_rule_does_not_hide_the_next_one():
    one = subject(POLICY, letting_in(UNKNOWN_OBJECT_VALUE, {}))
    assert findings_so_far(RULE, one)[0].startswith("spec.ingress[1]:")


def test_the_label_that_every_namespace_has_narrows_nothing():
    def peer(key: str) -> dict[str, Any]:
        return {"namespaceSelector": {"matchExpressions": [{"key": key, "operator": "Exists"}]}}

    assert len(violations(letting_in({"from": [peer("kubernetes.io/metadata.name")]}))) == 1
    assert violations(letting_in({"from": [peer("team")]})) == []
