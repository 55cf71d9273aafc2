"""One compliant resource and one change per test."""

from __future__ import annotations

import pytest
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, UnknownValueError

from policies.containers import CONTAINER, SERVICE
from policies.images import IMAGE, REGISTRY_IMAGE, REMOTE_IMAGE
from policies.rules.docker.image.require_image_tag import RULE
from tests.policies.docker_models import APP, DIGEST, swarm
from tests.policies.judging import changed, found


@pytest.mark.parametrize(
    "image",
    [
        "postgres",
        "postgres:latest",
        "postgres:LATEST",
        "registry.example:5000/postgres",
        "registry.example:5000/team/postgres:latest",
        "postgres:edge",
        "postgres@sha256:short",
    ],
)
def test_no_tag_and_a_moving_tag_are_refused(image):
    assert len(found(RULE, CONTAINER, changed(APP, image=image))) == 1


@pytest.mark.parametrize(
    "image",
    [
        "postgres:17",
        "registry.example:5000/postgres:17.2",
        f"postgres@{DIGEST}",
        f"postgres:latest@{DIGEST}",
        DIGEST,
        "0" * 12,
    ],
)
def test_a_version_a_digest_and_an_id_pass(image):
    assert found(RULE, CONTAINER, changed(APP, image=image)) == []


@pytest.mark.parametrize(
    ("kind", "props"),
    [
        (SERVICE, swarm(image="redis")),
        (REMOTE_IMAGE, {"name": "redis:latest"}),
        (REGISTRY_IMAGE, {"name": "redis"}),
        (IMAGE, {"imageName": "redis"}),
    ],
)
def test_every_resource_that_names_an_image_counts(kind, props):
    assert len(found(RULE, kind, props)) == 1


@pytest.mark.parametrize("image", [..., None, ""])
def test_a_missing_image_is_nobodys_tag(image):
    assert found(RULE, CONTAINER, changed(APP, image=image)) == []


def test_an_unknown_image_is_told_later():
    with pytest.raises(UnknownValueError):
        found(RULE, CONTAINER, changed(APP, image=UNKNOWN_STRING_VALUE))
