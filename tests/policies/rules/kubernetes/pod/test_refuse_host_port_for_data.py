"""A pod without host ports and one change per test, in every kind that declares a pod."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi_policy.proxy import UNKNOWN_ARRAY_VALUE, UNKNOWN_STRING_VALUE, UnknownValueError

from policies.rules.kubernetes.pod.refuse_host_port_for_data import RULE
from tests.policies.judging import findings_so_far, found, subject
from tests.policies.kubernetes_models import (
    APP_POD,
    DEPLOYMENT,
    POD,
    STORE_POD,
    declared,
    with_container,
    with_port,
    with_spec,
)

OPEN = with_port(STORE_POD, hostPort=5432)
OPEN_APP = with_port(APP_POD, hostPort=8080)


def violations(props: dict[str, Any], kind: str = POD) -> list[str]:
    return found(RULE, kind, props)


@pytest.mark.parametrize(("kind", "props"), declared(STORE_POD))
def test_data_without_a_host_port_passes(kind, props):
    assert violations(props, kind) == []


@pytest.mark.parametrize(("kind", "props"), declared(OPEN))
def test_a_host_port_is_refused_in_every_kind_that_declares_a_pod(kind, props):
    assert len(violations(props, kind)) == 1


@pytest.mark.parametrize(("kind", "props"), declared(OPEN_APP))
def test_a_host_port_of_an_app_passes(kind, props):
    assert violations(props, kind) == []


def test_the_place_is_told():
    assert violations({"items": [{"spec": {"template": OPEN}}]}, "kubernetes:apps/v1:DeploymentList")[0].startswith(
        "items[0].spec.template.spec.containers[0].ports[0].hostPort:"
    )


def test_false_negative_3_a_host_port_in_an_allowed_range_is_still_a_data_port():
    assert len(violations(with_port(APP_POD, hostPort=5433))) == 1


@pytest.mark.parametrize("port", [..., None, 0, "0", ""])
def test_a_missing_or_zero_host_port_is_none(port):
    props = with_container(STORE_POD, ports=[{"containerPort": 5432, **({} if port is ... else {"hostPort": port})}])
    assert violations(props) == []


@pytest.mark.parametrize("change", [{"containerPort": 5432}, {"containerPort": "6379"}, {"name": "redis"}])
def test_false_negative_11_a_port_is_a_store_by_number_text_and_name(change):
    assert len(violations(with_port(APP_POD, hostPort=18080, **change))) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"image": "bitnami/redis:7"},
        {"env": [{"name": "POSTGRES_DB", "value": "x"}]},
        {"command": ["postgres"], "args": ["-p", "8080"]},
        {"args": ["sh", "-c", "exec redis-server --port 8080"]},
    ],
)
def test_false_negative_10_a_store_on_another_port_is_known_by_what_it_runs(change):
    assert len(violations(with_container(OPEN_APP, **change))) == 1


@pytest.mark.parametrize(
    "labels", [{"app": "postgres"}, {"tier": "database"}, {"app.kubernetes.io/component": "redis-primary"}]
)
def test_false_negative_10_a_store_on_another_port_is_known_by_the_labels(labels):
    assert len(violations({**OPEN_APP, "metadata": {"labels": labels}})) == 1


@pytest.mark.parametrize("key", ["containers", "initContainers", "ephemeralContainers"])
def test_a_store_beside_the_container_makes_its_port_a_data_port(key):
    store = {"name": "side", "image": "valkey/valkey:8"}
    containers = [*OPEN_APP["spec"]["containers"], store] if key == "containers" else [store]
    assert len(violations(with_spec(OPEN_APP, **{key: containers}))) == 1


@pytest.mark.parametrize("key", ["initContainers", "ephemeralContainers"])
def test_host_ports_of_other_containers_count(key):
    assert len(violations(with_spec(APP_POD, **{key: OPEN["spec"]["containers"]}))) == 1


def test_a_loopback_address_of_the_node_is_no_excuse():
    assert len(violations(with_port(STORE_POD, hostPort=5432, hostIP="127.0.0.1"))) == 1


def test_values_are_not_told():
    assert "hunter2" not in violations(OPEN)[0]


@pytest.mark.parametrize("key", ["ports", "image", "command"])
def test_an_unknown_value_of_an_open_pod_is_told(key):
    with pytest.raises(UnknownValueError):
        violations(with_container(OPEN_APP, **{key: UNKNOWN_ARRAY_VALUE}))


def test_an_unknown_host_port_is_told():
    with pytest.raises(UnknownValueError):
        violations(with_port(STORE_POD, hostPort=UNKNOWN_STRING_VALUE))


def test_an_unknown_image_does_not_hide_a_data_port():
    one = subject(POD, with_container(OPEN, image=UNKNOWN_STRING_VALUE))
    assert len(findings_so_far(RULE, one)) == 1


def test_an_unknown_image_without_a_host_port_is_not_even_read():
    assert violations(with_container(APP_POD, image=UNKNOWN_STRING_VALUE)) == []


@pytest.mark.parametrize("props", [{"spec": UNKNOWN_STRING_VALUE}, {"spec": {"template": UNKNOWN_STRING_VALUE}}])
def test_an_unknown_template_is_told(props):
    with pytest.raises(UnknownValueError):
        violations(props, DEPLOYMENT)
