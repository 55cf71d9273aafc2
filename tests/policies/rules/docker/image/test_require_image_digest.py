"""One compliant resource and one change per test."""

from __future__ import annotations

import pytest
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, UnknownValueError

from policies.containers import CONTAINER, SERVICE
from policies.images import REMOTE_IMAGE
from policies.rule import Level
from policies.rules.docker.image.require_image_digest import RULE
from tests.policies.docker_models import APP, DIGEST, swarm
from tests.policies.judging import changed, found


def test_it_is_advisory_where_no_configuration_says_what_the_stack_is():
    assert RULE.level is Level.ADVISORY


@pytest.mark.parametrize("image", ["postgres", "postgres:17", "postgres@sha256:short", "data-tierx/postgres:17"])
def test_an_image_without_digest_is_told(image):
    assert len(found(RULE, CONTAINER, changed(APP, image=image))) == 1
    assert len(found(RULE, REMOTE_IMAGE, {"name": image})) == 1
    assert len(found(RULE, SERVICE, swarm(image=image))) == 1


@pytest.mark.parametrize("image", [f"postgres@{DIGEST}", f"postgres:17@{DIGEST}", DIGEST])
def test_a_digest_and_an_id_pass(image):
    assert found(RULE, CONTAINER, changed(APP, image=image)) == []


def test_an_imported_image_has_none():
    assert found(RULE, REMOTE_IMAGE, {"name": "data-tier/postgres:17"}) == []
    labels = [{"label": "data-tier.recipe", "value": "abc"}]
    assert found(RULE, CONTAINER, changed(APP, image="own:1", labels=labels)) == []


def test_how_imported_images_are_told_is_a_setting():
    assert len(found(RULE, REMOTE_IMAGE, {"name": "data-tier/postgres:17"}, imported=[])) == 1


def test_an_unknown_image_is_told_later():
    with pytest.raises(UnknownValueError):
        found(RULE, CONTAINER, changed(APP, image=UNKNOWN_STRING_VALUE))
