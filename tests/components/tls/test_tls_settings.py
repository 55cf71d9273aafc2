"""What the stack file may say about certificates, and what follows from it for servers and clients."""

from __future__ import annotations

from typing import Any

import pytest

from components.config import SettingsError, parse
from tests.components.recording import Graph, build_from
from tests.components.samples import small


def with_tls(topology: str = "unified", **keys: Any) -> dict[str, Any]:
    return {**small(topology), "tls": keys}


@pytest.mark.parametrize(
    ("keys", "key", "rule"),
    [
        ({"days": 0}, "data-tier:tls.days = 0", "expires before it starts"),
        ({"days": -1}, "data-tier:tls.days = -1", "expires before it starts"),
        ({"days": 4000}, "data-tier:tls.days = 4000", "825 days at most"),
        ({"days": "90"}, "data-tier:tls.days = '90'", "whole number"),
        ({"days": 30, "renew": 30}, "data-tier:tls.renew = 30", "before it starts"),
        ({"days": 30, "renew": 0}, "data-tier:tls.renew = 0", "expire first"),
        ({"renew": 365}, "data-tier:tls.renew = 365", "before it starts"),
        ({"days": 0, "renew": 5}, "data-tier:tls.days = 0", "expires before it starts"),
        ({"enabled": "off"}, "data-tier:tls.enabled = 'off'", "true or false"),
        ({"cert": "x"}, "data-tier:tls.cert", "no such key"),
    ],
)
def test_a_wrong_key_is_one_error_with_rule_and_remedy(keys, key, rule):
    with pytest.raises(SettingsError) as refused:
        parse(with_tls(**keys))
    [problem] = refused.value.problems
    assert str(problem).startswith(key), problem
    assert rule in problem.rule


def test_a_certificate_is_renewed_in_the_last_third_of_its_life_unless_declared():
    assert parse(small()).tls.renew_days == 121
    assert parse(with_tls(days=90)).tls.renew_days == 30
    assert parse(with_tls(days=90, renew=10)).tls.renew_days == 10


def everything(graph: Graph) -> str:
    return str([one.inputs for one in graph.of("Container").values()])


def test_without_tls_nothing_speaks_it_and_the_authoritys_seed_stays():
    graph = build_from(with_tls(enabled=False))
    assert "tls-seed" in graph.of("RandomPassword")
    assert not [name for name in graph.of("Command") if name.endswith("-tls")]
    assert not [word for word in ("hostssl", "tls-port", "ca.crt", "ssl=on", "rediss:") if word in everything(graph)]
    assert graph.of("postgresql")["postgres-server-provider"].inputs["sslmode"] == "disable"


@pytest.mark.parametrize("topology", ["unified", "isolated"])
def test_every_server_speaks_tls_only_and_every_app_has_the_authority_beside_its_urls(topology):
    graph = build_from(small(topology))
    containers = graph.of("Container")
    for name, one in containers.items():
        labels = {label["label"]: label["value"] for label in one.inputs["labels"]}
        kind = labels["data-tier.component"]
        if kind == "postgres":
            assert "ssl=on" in one.inputs["command"], name
            assert "hostssl" in str(one.inputs["uploads"]), name
        if kind == "redis":
            assert one.inputs["command"][one.inputs["command"].index("--port") + 1] == "0", name
        if kind == "service" and any("_URL_FILE=" in env for env in one.inputs.get("envs", [])):
            assert "CA_FILE=/run/secrets/ca.crt" in one.inputs["envs"], name
            uploads = containers[name.replace("-container", "-secrets-fill")].inputs["uploads"]
            assert "/in/ca.crt" in [upload["file"] for upload in uploads], name


def test_a_servers_key_is_readable_by_its_own_user_only():
    [script] = build_from(small()).of("Container")["postgres-server-secrets-fill"].inputs["command"]
    assert "put tls.key 999 0400" in script
    assert "put ca.crt 0 0444" in script


def test_no_key_is_in_a_containers_command_environment_or_labels():
    for one in build_from(small()).of("Container").values():
        rest = {key: value for key, value in one.inputs.items() if key != "uploads"}
        assert "PRIVATE" not in str(rest)
        for upload in one.inputs.get("uploads", []):
            assert "PRIVATE" not in str(upload) or isinstance(upload["content"], dict), "secret, not plain"


def test_the_host_verifies_redis_and_encrypts_to_postgresql():
    graph = build_from(small())
    assert graph.of("postgresql")["postgres-server-provider"].inputs["sslmode"] == "require"
    assert "REDIS_CA" in graph.of("Command")["redis-shop-acl"].inputs["environment"]


def test_a_server_is_told_after_its_files_are_there():
    waits = build_from(small()).of("Command")["postgres-server-tls"].dependencies
    assert "docker:index/container:Container::postgres-server-secrets-fill" in waits
