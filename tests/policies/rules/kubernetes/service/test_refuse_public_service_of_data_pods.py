"""A public Service beside data pods, and one change per test."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi_policy.proxy import UNKNOWN_OBJECT_VALUE, UNKNOWN_STRING_VALUE, UnknownValueError

from policies.rules.kubernetes.service.refuse_public_service_of_data_pods import RULE
from tests.policies.judging import found_in_stack, subject
from tests.policies.kubernetes_models import (
    APP_POD,
    APP_SERVICE,
    DEPLOYMENT,
    SERVICE,
    STORE_POD,
    with_container,
    with_spec,
)

NEUTRAL = {**STORE_POD, "metadata": {"labels": {"app": "core", "part": "1"}}}
PUBLIC = with_spec(APP_SERVICE, type="NodePort", selector={"app": "web"})
LEADS = with_spec(PUBLIC, selector={"app": "core"})


def findings(service: dict[str, Any], *pods: dict[str, Any]) -> list[str]:
    workloads = [
        subject(DEPLOYMENT, {"metadata": {"name": "x"}, "spec": {"template": pod}}, name=f"pod-{at}")
        for at, pod in enumerate(pods)
    ]
    return [one.message for one in found_in_stack(RULE, [subject(SERVICE, service), *workloads])]


def test_a_public_service_of_an_app_beside_data_passes():
    assert findings(PUBLIC, APP_POD, NEUTRAL) == []


def test_false_negative_10_a_neutral_label_that_selects_data_pods_is_refused():
    assert findings(LEADS, APP_POD, NEUTRAL) == ["spec.selector: a public Service selects data pods"]


def test_a_service_inside_the_cluster_may_select_them():
    assert findings(with_spec(LEADS, type="ClusterIP"), NEUTRAL) == []


def test_a_narrower_selector_that_does_not_match_passes():
    assert findings(with_spec(LEADS, selector={"app": "core", "part": "2"}), NEUTRAL) == []


@pytest.mark.parametrize("selector", [..., {}, None])
def test_a_service_without_a_selector_selects_no_pod(selector):
    assert findings(with_spec(LEADS, selector=selector), NEUTRAL) == []


def test_another_namespace_is_not_selected():
    assert findings({**LEADS, "metadata": {"name": "web", "namespace": "a"}}, NEUTRAL) != []
    bare = subject("kubernetes:core/v1:Pod", {**NEUTRAL, "metadata": {**NEUTRAL["metadata"], "namespace": "b"}})
    service = subject(SERVICE, {**LEADS, "metadata": {"name": "web", "namespace": "a"}}, name="service")
    assert found_in_stack(RULE, [service, bare]) == []


@pytest.mark.parametrize(
    ("service", "pod"),
    [
        (with_spec(PUBLIC, selector=UNKNOWN_OBJECT_VALUE), NEUTRAL),
        (with_spec(PUBLIC, type=UNKNOWN_STRING_VALUE), NEUTRAL),
        (LEADS, {**NEUTRAL, "metadata": {"labels": UNKNOWN_OBJECT_VALUE}}),
        (PUBLIC, with_container(APP_POD, image=UNKNOWN_STRING_VALUE)),
    ],
)
def test_an_unknown_value_is_told(service, pod):
    with pytest.raises(UnknownValueError):
        findings(service, pod)


BARE = {**with_spec(PUBLIC, selector=...), "metadata": {"name": "web", "namespace": "shop"}}


def beside(kind: str, props: dict[str, Any], service: dict[str, Any] = BARE) -> list[str]:
    return [one.message for one in found_in_stack(RULE, [subject(SERVICE, service), subject(kind, props, name="x")])]


def endpoints(port: Any, name: str = "web", **meta: str) -> tuple[str, dict[str, Any]]:
    return "kubernetes:core/v1:Endpoints", {
        "metadata": {"name": name, **meta},
        "subsets": [{"ports": [{"port": port}]}],
    }


def slices(port: Any, name: str = "web", **meta: str) -> tuple[str, dict[str, Any]]:
    labelled = {"name": "any", "labels": {"kubernetes.io/service-name": name}, **meta}
    return "kubernetes:discovery.k8s.io/v1:EndpointSlice", {"metadata": labelled, "ports": [{"port": port}]}


@pytest.mark.parametrize("made", [endpoints, slices])
def test_endpoints_of_a_public_service_with_a_data_port_are_refused(made):
    assert beside(*made(5432)) == ["metadata.name: the endpoints of a public Service are data"]
    assert len(beside(*made(5432, namespace="shop"))) == 1


@pytest.mark.parametrize("made", [endpoints, slices])
def test_other_endpoints_pass(made):
    assert beside(*made(8080)) == []
    assert beside(*made(5432, name="other")) == []
    assert beside(*made(5432, namespace="elsewhere")) == []
    assert beside(*made(5432), service=with_spec(BARE, type="ClusterIP")) == []
