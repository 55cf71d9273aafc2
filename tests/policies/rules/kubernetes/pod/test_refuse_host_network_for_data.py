"""A data pod on its own network and one change per test, in every kind that declares a pod."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi_policy.proxy import UNKNOWN_BOOLEAN_VALUE, UNKNOWN_STRING_VALUE, UnknownValueError

from policies.rules.kubernetes.pod.refuse_host_network_for_data import RULE
from tests.policies.judging import found
from tests.policies.kubernetes_models import APP_POD, POD, STORE_POD, declared, with_container, with_port, with_spec


def violations(props: dict[str, Any], kind: str = POD) -> list[str]:
    return found(RULE, kind, props)


@pytest.mark.parametrize(("kind", "props"), declared(with_spec(STORE_POD, hostNetwork=True)))
def test_false_negative_8_data_on_the_host_network_is_refused_in_every_kind(kind, props):
    assert len(violations(props, kind)) == 1


@pytest.mark.parametrize("value", [..., None, False, "false"])
def test_a_missing_or_false_flag_passes(value):
    assert violations(with_spec(STORE_POD, hostNetwork=value)) == []


def test_the_flag_as_text_counts():
    assert len(violations(with_spec(STORE_POD, hostNetwork="true"))) == 1


def test_an_app_on_the_host_network_passes():
    assert violations(with_spec(APP_POD, hostNetwork=True)) == []


def test_an_app_that_listens_on_a_data_port_is_refused():
    assert len(violations(with_spec(with_port(APP_POD, containerPort=5432), hostNetwork=True))) == 1


def test_a_patch_that_shows_no_container_is_refused():
    assert (
        len(violations({"spec": {"template": {"spec": {"hostNetwork": True}}}}, "kubernetes:apps/v1:DeploymentPatch"))
        == 1
    )


def test_an_unknown_flag_is_told():
    with pytest.raises(UnknownValueError):
        violations(with_spec(STORE_POD, hostNetwork=UNKNOWN_BOOLEAN_VALUE))


def test_an_unknown_image_on_the_host_network_is_told():
    with pytest.raises(UnknownValueError):
        violations(with_spec(with_container(APP_POD, image=UNKNOWN_STRING_VALUE), hostNetwork=True))
