"""One compliant resource and one change per test."""

from __future__ import annotations

import pytest
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, UnknownValueError

from policies.containers import CONTAINER, SERVICE
from policies.rules.docker.container.refuse_root import RULE
from tests.policies.docker_models import APP, STORE, swarm
from tests.policies.judging import changed, found


@pytest.mark.parametrize("user", ["root", "Root", "0", "0:0", "00", "+0", "root:999", " root "])
@pytest.mark.parametrize("props", [STORE, APP])
def test_root_in_any_spelling_is_refused(props, user):
    assert found(RULE, CONTAINER, changed(props, user=user)) == ["user: the container stays root"]


@pytest.mark.parametrize("user", ["999", "postgres", "10:0", "1000:1000", "rooted"])
def test_another_user_passes(user):
    assert found(RULE, CONTAINER, changed(STORE, user=user)) == []


@pytest.mark.parametrize("user", [..., None, ""])
def test_a_missing_user_is_left_to_images_that_step_down(user):
    assert found(RULE, CONTAINER, changed(STORE, user=user)) == []


@pytest.mark.parametrize("image", ["quay.io/coreos/etcd:v3", "alpine:3", "debian:13"])
def test_a_missing_user_is_refused_where_the_image_stays_root(image):
    assert len(found(RULE, CONTAINER, changed(STORE, image=image))) == 1


def test_a_swarm_service_counts_too():
    assert len(found(RULE, SERVICE, swarm(user="0"))) == 1


def test_an_unknown_user_is_told_later():
    with pytest.raises(UnknownValueError):
        found(RULE, CONTAINER, changed(STORE, user=UNKNOWN_STRING_VALUE))
