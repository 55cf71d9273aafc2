"""One Service inside the cluster and one change per test."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi_policy.proxy import UNKNOWN_ARRAY_VALUE, UNKNOWN_OBJECT_VALUE, UNKNOWN_STRING_VALUE, UnknownValueError

from policies.rule import Level, Severity
from policies.rules.kubernetes.service.refuse_public_data_service import RULE
from tests.policies.judging import changed, findings_so_far, found, subject
from tests.policies.kubernetes_models import APP_SERVICE, SERVICE, STORE_SERVICE, with_spec

PUBLIC = ["NodePort", "LoadBalancer", "nodeport", "LOADBALANCER"]
PUBLIC_APP = with_spec(APP_SERVICE, type="LoadBalancer")


def violations(props: dict[str, Any], kind: str = SERVICE) -> list[str]:
    return found(RULE, kind, props)


def public_port(**port: Any) -> dict[str, Any]:
    return with_spec(PUBLIC_APP, ports=[port])


def test_a_data_service_inside_the_cluster_passes():
    assert violations(STORE_SERVICE) == []


def test_the_rule_is_mandatory_and_critical():
    assert (RULE.level, RULE.severity) == (Level.MANDATORY, Severity.CRITICAL)


@pytest.mark.parametrize("kind", PUBLIC)
def test_a_public_type_is_refused_on_a_data_service(kind):
    assert len(violations(with_spec(STORE_SERVICE, type=kind))) == 1


@pytest.mark.parametrize("kind", PUBLIC)
def test_a_public_app_passes(kind):
    assert violations(with_spec(APP_SERVICE, type=kind)) == []


@pytest.mark.parametrize("kind", [..., None, "", "ClusterIP"])
def test_a_missing_or_empty_type_is_inside_the_cluster(kind):
    assert violations(with_spec(STORE_SERVICE, type=kind)) == []


def test_false_negative_9_a_load_balancer_also_opens_a_node_port():
    internal = {"service.beta.kubernetes.io/aws-load-balancer-internal": "true"}
    props = with_spec(STORE_SERVICE, type="LoadBalancer", loadBalancerSourceRanges=["10.0.0.0/8"])
    assert len(violations({**props, "metadata": {"name": "store", "annotations": internal}})) == 1


def test_false_negative_9_external_addresses_are_refused_on_any_type():
    assert "externalIPs" in violations(with_spec(STORE_SERVICE, externalIPs=["203.0.113.7"]))[0]


@pytest.mark.parametrize("addresses", [..., None, []])
def test_missing_and_empty_external_addresses_pass(addresses):
    assert violations(with_spec(STORE_SERVICE, externalIPs=addresses)) == []


@pytest.mark.parametrize("port", [5432, 5432.0, "5432", 6379, 27017, 6432, 3306, 9042])
@pytest.mark.parametrize("key", ["port", "targetPort", "nodePort"])
def test_a_data_port_is_refused_wherever_it_stands(key, port):
    assert len(violations(public_port(**{"port": 80, key: port}))) == 1


@pytest.mark.parametrize("name", ["postgresql", "tcp-postgresql", "redis", "mysql", "pg", "db", "amqp", "cql"])
@pytest.mark.parametrize("key", ["targetPort", "name", "appProtocol"])
def test_false_negative_10_a_port_is_known_by_its_name(key, name):
    assert len(violations(public_port(**{"port": 80, key: name}))) == 1


def test_false_negative_3_a_node_port_in_the_allowed_range_is_still_one_of_a_store():
    assert len(violations(with_spec(STORE_SERVICE, type="NodePort", ports=[{"port": 8080, "nodePort": 30080}]))) == 1


@pytest.mark.parametrize(
    "selector",
    [
        {"app": "postgres"},
        {"app.kubernetes.io/name": "postgresql"},
        {"tier": "database"},
        {"data-tier.tier": "data"},
        {"anything": "redis-primary"},
        {"cnpg.io/cluster": "main"},
        {"postgres-operator.crunchydata.com/cluster": "hippo"},
    ],
)
def test_false_negative_10_a_store_on_another_port_is_known_by_the_selector(selector):
    assert len(violations(with_spec(PUBLIC_APP, selector=selector))) == 1


def test_a_store_is_known_by_the_name_and_the_labels_of_the_service():
    assert len(violations({**PUBLIC_APP, "metadata": {"name": "redis-public"}})) == 1
    assert len(violations({**PUBLIC_APP, "metadata": {"name": "x", "labels": {"tier": "data"}}})) == 1


def test_a_label_that_names_a_client_is_no_store():
    assert violations({**PUBLIC_APP, "metadata": {"name": "web", "labels": {"uses": "postgres"}}}) == []


def test_a_service_of_a_data_component_is_one_whatever_it_looks_like():
    urn = f"urn:pulumi:dev::p::data-tier:postgres:PostgresServer${SERVICE}::x"
    assert len(found(RULE, SERVICE, PUBLIC_APP, urn=urn)) == 1


@pytest.mark.parametrize(
    ("kind", "wrapped"),
    [
        ("kubernetes:core/v1:ServicePatch", lambda one: one),
        ("kubernetes:core/v1:ServiceList", lambda one: {"items": [APP_SERVICE, one]}),
        ("kubernetes:core/v1:ServiceList", lambda one: {"items": [changed(one, kind=..., apiVersion=...)]}),
        ("kubernetes:core/v1:List", lambda one: {"items": [one]}),
        ("kubernetes:core/v1:List", lambda one: {"items": [{"kind": "ServiceList", "items": [one]}]}),
        ("kubernetes:v1:Service", lambda one: one),
        ("kubernetes:v1:service", lambda one: one),
        ("kubernetes:core/v1:ConfigMap", lambda one: one),
        ("kubernetes:core/v1:Service", lambda one: {**one, "kind": "ConfigMap"}),
    ],
)
def test_every_kind_that_declares_a_service_is_looked_at(kind, wrapped):
    assert len(violations(wrapped(with_spec(STORE_SERVICE, type="NodePort")), kind)) == 1


def test_the_place_in_a_list_is_told():
    props = {"items": [APP_SERVICE, with_spec(STORE_SERVICE, type="NodePort")]}
    assert violations(props, "kubernetes:core/v1:ServiceList")[0].startswith("items[1].spec.type: type NodePort")


def test_a_patch_that_opens_a_service_it_does_not_show_is_refused():
    props = {"metadata": {"name": "main"}, "spec": {"type": "NodePort"}}
    assert len(violations(props, "kubernetes:core/v1:ServicePatch")) == 1
    assert violations(props, SERVICE) == []


def test_a_patch_that_gives_a_node_port_is_refused_without_a_type():
    props = {"metadata": {"name": "main"}, "spec": {"ports": [{"port": 5432, "nodePort": 30432}]}}
    assert len(violations(props, "kubernetes:core/v1:ServicePatch")) == 1


def test_a_patch_of_an_app_passes():
    assert violations(PUBLIC_APP, "kubernetes:core/v1:ServicePatch") == []


def test_port_zero_and_missing_ports_are_no_data_ports():
    assert violations(public_port(port=0)) == []
    assert violations(with_spec(PUBLIC_APP, ports=...)) == []


def test_other_resources_are_left_alone():
    assert violations(with_spec(STORE_SERVICE, type="NodePort"), "aws:ec2/instance:Instance") == []
    assert violations({"data": {"type": "NodePort"}}, "kubernetes:core/v1:ConfigMap") == []


@pytest.mark.parametrize(
    ("key", "value"),
    [("type", UNKNOWN_STRING_VALUE), ("externalIPs", UNKNOWN_ARRAY_VALUE), ("externalIPs", [UNKNOWN_STRING_VALUE])],
)
def test_an_unknown_opening_is_told(key, value):
    with pytest.raises(UnknownValueError):
        violations(with_spec(STORE_SERVICE, **{key: value}))


@pytest.mark.parametrize(("key", "value"), [("ports", UNKNOWN_ARRAY_VALUE), ("selector", UNKNOWN_OBJECT_VALUE)])
def test_an_unknown_sign_of_a_public_service_is_told_and_hides_nothing(key, value):
    with pytest.raises(UnknownValueError):
        violations(with_spec(PUBLIC_APP, **{key: value}))
    one = subject(SERVICE, with_spec(STORE_SERVICE, type="NodePort", **{key: value}))
    assert len(findings_so_far(RULE, one)) == 1


@pytest.mark.parametrize(("kind", "key"), [(SERVICE, "spec"), ("kubernetes:core/v1:ServiceList", "items")])
def test_an_unknown_specification_is_told(kind, key):
    with pytest.raises(UnknownValueError):
        violations({"metadata": {"name": "x"}, key: UNKNOWN_STRING_VALUE}, kind)


def test_an_unknown_port_does_not_hide_the_next_one():
    ports = [{"port": UNKNOWN_STRING_VALUE}, {"port": 5432}]
    one = subject(SERVICE, with_spec(PUBLIC_APP, ports=ports))
    assert "spec.ports[1]" in findings_so_far(RULE, one)[0]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("tailscale.com/expose", "true"),
        ("tailscale.com/funnel", "true"),
        ("getambassador.io/config", "kind: TCPMapping"),
        ("skupper.io/proxy", "tcp"),
        ("cloud.google.com/neg", '{"exposed_ports": {"5432": {}}}'),
    ],
)
def test_an_annotation_that_opens_a_data_service_is_refused(key, value):
    noted = {"name": "store", "annotations": {key: value}}
    assert violations({**STORE_SERVICE, "metadata": noted})[0].startswith(f"metadata.annotations.{key}:")
    assert violations({**APP_SERVICE, "metadata": {**noted, "name": "web"}}) == []


@pytest.mark.parametrize(
    ("key", "value"), [("tailscale.com/expose", "false"), ("cloud.google.com/neg", '{"ingress": true}'), ("x", "true")]
)
def test_an_annotation_that_opens_nothing_passes(key, value):
    assert violations({**STORE_SERVICE, "metadata": {"name": "store", "annotations": {key: value}}}) == []


@pytest.mark.parametrize("port", ["psql", "tcp-5432", "p5432", "dbport", "pgwire", "mysqlx", "+5432", "-5432"])
def test_other_spellings_of_a_data_port_are_known(port):
    assert len(violations(public_port(port=80, targetPort=port))) == 1


@pytest.mark.parametrize("spec", [{"selector": {"app": "main"}}, {"ports": [{"port": 80}]}])
def test_a_patch_that_shows_half_of_what_it_opens_is_refused(spec):
    props = {"metadata": {"name": "main"}, "spec": {"type": "NodePort", **spec}}
    assert len(violations(props, "kubernetes:core/v1:ServicePatch")) == 1
