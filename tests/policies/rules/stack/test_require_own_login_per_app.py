"""Two apps with logins of their own, and one change per test."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi_policy.proxy import UNKNOWN_ARRAY_VALUE, UNKNOWN_STRING_VALUE, UnknownValueError

from policies.containers import CONTAINER, SERVICE
from policies.rules.stack.require_own_login_per_app import RULE
from tests.policies.judging import changed, found_in_stack, subject

SHOP = "postgresql://shop_a:hunter2@db:5432/shop"
BLOG = "postgresql://blog_a:hunter2@db:5432/blog"


def app(name: str, **changes: Any) -> dict[str, Any]:
    base = {
        "image": "example/web:1",
        "labels": [{"label": "data-tier.app", "value": name}],
        "volumes": [{"volumeName": f"{name}-secrets", "containerPath": "/run/secrets", "readOnly": True}],
    }
    return changed(base, **changes)


def fill(content: str) -> dict[str, Any]:
    return {"image": "x:1", "uploads": [{"file": "/in/url", "content": content}]}


def violations(*containers: dict[str, Any]) -> list[str]:
    subjects = [subject(CONTAINER, props, name=f"container-{at}") for at, props in enumerate(containers)]
    return [one.message for one in found_in_stack(RULE, subjects)]


def test_apps_with_logins_of_their_own_pass():
    assert violations(app("shop", envs=[f"URL={SHOP}"]), app("blog", envs=[f"URL={BLOG}"])) == []


def test_one_login_in_two_environments_is_refused_and_not_told():
    found = violations(app("shop", envs=[f"URL={SHOP}"]), app("blog", envs=["A=b", f"OTHER={SHOP}/x"]))
    assert found == ["envs[1]: another app has the same login of a store"]


def test_one_login_in_two_uploads_is_refused():
    assert violations(fill(SHOP), fill(SHOP)) == ["uploads[0].content: another app has the same login of a store"]
    assert violations(fill(SHOP), fill(BLOG)) == []


def test_a_login_that_is_said_to_be_another_apps_passes_in_that_file_alone():
    said = {"labels": [{"label": "data-tier.uses", "value": "legacy_url other"}]}
    borrowed = {**fill(SHOP), **said, "uploads": [{"file": "/in/legacy_url", "content": SHOP}]}
    assert violations(fill(SHOP), borrowed) == []
    assert violations(borrowed, fill(SHOP)) == []
    assert len(violations(fill(SHOP), {**borrowed, "uploads": [{"file": "/in/url", "content": SHOP}]})) == 1
    assert len(violations(app("shop", envs=[f"URL={SHOP}"]), app("blog", envs=[f"URL={SHOP}"], **said))) == 1


def test_two_containers_of_one_app_may_share_its_login():
    assert violations(app("shop", envs=[f"URL={SHOP}"]), app("shop", envs=[f"URL={SHOP}"])) == []


def test_the_same_user_on_another_server_is_another_login():
    assert violations(fill(SHOP), fill(SHOP.replace("@db", "@db-2"))) == []


@pytest.mark.parametrize("scheme", ["postgres", "rediss", "mongodb+srv", "mysql"])
def test_logins_of_every_store_count(scheme):
    url = SHOP.replace("postgresql", scheme)
    assert len(violations(fill(url), fill(url))) == 1


def test_urls_of_other_servers_pass():
    url = "https://user:token@example.org/"
    assert violations(fill(url), fill(url)) == []


def test_one_secrets_volume_in_two_apps_is_refused():
    shared = app("blog", volumes=app("shop")["volumes"])
    assert violations(app("shop"), shared) == ["volumes[0]: another app has the same login of a store"]


def test_other_volumes_may_be_shared():
    volumes = [{"volumeName": "media", "containerPath": "/media"}]
    assert violations(app("shop", volumes=volumes), app("blog", volumes=volumes)) == []


def test_swarm_services_are_judged_alike():
    spec = {"taskSpec": {"containerSpec": {"image": "x:1", "env": {"URL": SHOP}}}}
    subjects = [subject(SERVICE, spec, name="a"), subject(CONTAINER, app("blog", envs=[f"URL={SHOP}"]), name="b")]
    assert len(found_in_stack(RULE, subjects)) == 1


@pytest.mark.parametrize("missing", [..., None, []])
def test_missing_and_empty_environments_pass(missing):
    assert violations(app("shop", envs=missing, uploads=missing), app("blog", envs=missing, volumes=missing)) == []


@pytest.mark.parametrize(
    "props",
    [
        app("shop", envs=UNKNOWN_ARRAY_VALUE),
        app("shop", envs=[UNKNOWN_STRING_VALUE]),
        app("shop", labels=UNKNOWN_ARRAY_VALUE),
        app("shop", volumes=UNKNOWN_ARRAY_VALUE),
        fill(UNKNOWN_STRING_VALUE),
    ],
)
def test_an_unknown_value_is_told(props):
    with pytest.raises(UnknownValueError):
        violations(props)


@pytest.mark.parametrize("key", ["envs", "labels"])
def test_an_unknown_value_does_not_hide_another_finding(key):
    other = subject(CONTAINER, app("third", **{key: UNKNOWN_ARRAY_VALUE}, volumes=...), name="third")
    subjects = [subject(CONTAINER, fill(SHOP), name="one"), other, subject(CONTAINER, fill(SHOP), name="two")]
    assert len(list(RULE.findings(subjects, RULE.defaults()))) == 1


def test_two_mounts_of_which_the_volume_is_not_known_are_not_taken_for_one():
    volumes = [{"volumeName": UNKNOWN_STRING_VALUE, "containerPath": "/run/secrets"}]
    subjects = [subject(CONTAINER, app(name, volumes=volumes), name=name) for name in ("shop", "blog")]
    assert list(RULE.findings(subjects, RULE.defaults())) == []
    with pytest.raises(UnknownValueError):
        found_in_stack(RULE, subjects)
