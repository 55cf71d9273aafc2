"""Custom resources of operators: inside the cluster they pass, opened by any of their switches they don't."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi_policy.proxy import UNKNOWN_OBJECT_VALUE, UNKNOWN_STRING_VALUE, UnknownValueError

from policies.rules.kubernetes.custom_resource.refuse_public_data_operator import RULE
from tests.policies.judging import found


def violations(kind: str, spec: dict[str, Any]) -> list[str]:
    return found(RULE, f"kubernetes:{kind}", {"metadata": {"name": "x"}, "spec": spec})


def cnpg(kind: Any) -> dict[str, Any]:
    return {"managed": {"services": {"additional": [{"serviceTemplate": {"spec": {"type": kind}}}]}}}


@pytest.mark.parametrize(
    ("kind", "spec"),
    [
        ("postgresql.cnpg.io/v1:Cluster", cnpg("LoadBalancer")),
        ("postgresql.cnpg.io/v1:ClusterList", {"items": []}),
        ("acid.zalan.do/v1:postgresql", {"enableMasterLoadBalancer": True}),
        ("acid.zalan.do/v1:postgresql", {"enableReplicaLoadBalancer": "true"}),
        ("postgres-operator.crunchydata.com/v1beta1:PostgresCluster", {"service": {"type": "NodePort"}}),
        ("kafka.strimzi.io/v1beta2:Kafka", {"kafka": {"listeners": [{"name": "x", "type": "nodeport"}]}}),
        ("psmdb.percona.com/v1:PerconaServerMongoDB", {"replsets": [{"expose": {"exposeType": "LoadBalancer"}}]}),
        ("redis.redis.opstreelabs.in/v1beta2:Redis", {"kubernetesConfig": {"service": {"serviceType": "NodePort"}}}),
        ("example.org/v1:RedisThing", {"hostNetwork": True}),
        ("example.org/v1:MongoThing", {"hostPort": 27017}),
        ("example.org/v1:EtcdThing", {"externalIPs": ["203.0.113.7"]}),
    ],
)
def test_an_operator_that_would_open_a_store_is_refused(kind, spec):
    if kind.endswith("List"):
        props = {"items": [{"spec": cnpg("NodePort")}]}
        assert len(found(RULE, f"kubernetes:{kind}", props)) == 1
    else:
        assert len(violations(kind, spec)) == 1


@pytest.mark.parametrize(
    ("kind", "spec"),
    [
        ("postgresql.cnpg.io/v1:Cluster", cnpg("ClusterIP")),
        ("postgresql.cnpg.io/v1:Cluster", cnpg("")),
        ("postgresql.cnpg.io/v1:Cluster", {}),
        ("acid.zalan.do/v1:postgresql", {"enableMasterLoadBalancer": False}),
        ("example.org/v1:MongoThing", {"hostPort": 0}),
        ("example.org/v1:EtcdThing", {"externalIPs": []}),
        ("example.org/v1:WebThing", {"service": {"type": "LoadBalancer"}}),
    ],
)
def test_inside_the_cluster_and_without_data_it_passes(kind, spec):
    assert violations(kind, spec) == []


@pytest.mark.parametrize(
    "spec", [UNKNOWN_OBJECT_VALUE, cnpg(UNKNOWN_STRING_VALUE), {"hostNetwork": UNKNOWN_STRING_VALUE}]
)
def test_an_unknown_value_is_told(spec):
    with pytest.raises(UnknownValueError):
        violations("postgresql.cnpg.io/v1:Cluster", spec)
