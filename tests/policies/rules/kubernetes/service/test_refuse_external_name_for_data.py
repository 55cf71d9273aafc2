"""One alias inside the cluster and one change per test."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, UnknownValueError

from policies.rules.kubernetes.service.refuse_external_name_for_data import RULE
from tests.policies.judging import found
from tests.policies.kubernetes_models import SERVICE, with_spec

COMPLIANT: dict[str, Any] = {
    "metadata": {"name": "postgres"},
    "spec": {"type": "ExternalName", "externalName": "main.data.svc.cluster.local"},
}
OUTSIDE = with_spec(COMPLIANT, externalName="main.example.org")


def violations(props: dict[str, Any], kind: str = SERVICE, **settings: Any) -> list[str]:
    return found(RULE, kind, props, **settings)


def test_an_alias_inside_the_cluster_passes():
    assert violations(COMPLIANT) == []


def test_false_negative_9_an_alias_of_a_store_outside_is_refused():
    assert violations(OUTSIDE)[0].startswith("spec.externalName")


def test_the_host_itself_may_name_a_store():
    props = {"metadata": {"name": "x"}, "spec": {"type": "ExternalName", "externalName": "redis.example.org"}}
    assert len(violations(props)) == 1


def test_a_host_that_is_allowed_passes():
    assert violations(OUTSIDE, allowed=["main.example.org"]) == []


def test_an_app_outside_passes():
    assert violations({**OUTSIDE, "metadata": {"name": "mail"}}) == []


def test_a_patch_is_judged_by_the_host_alone():
    assert len(violations(with_spec(OUTSIDE, type=...), "kubernetes:core/v1:ServicePatch")) == 1


@pytest.mark.parametrize("kind", [..., None, "", "ClusterIP"])
def test_other_types_pass(kind):
    assert violations(with_spec(OUTSIDE, type=kind)) == []


@pytest.mark.parametrize("key", ["type", "externalName"])
def test_an_unknown_value_is_told(key):
    with pytest.raises(UnknownValueError):
        violations(with_spec(OUTSIDE, **{key: UNKNOWN_STRING_VALUE}))
