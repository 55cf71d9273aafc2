"""One compliant container and one change per test; properties arrive wrapped as they do in the pack."""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest
from pulumi_policy.proxy import UNKNOWN_ARRAY_VALUE, UNKNOWN_NUMBER_VALUE, UNKNOWN_STRING_VALUE, UnknownValueError

from policies.containers import CONTAINER
from policies.rule import Level, Severity
from policies.rules.docker.container.refuse_published_data_port import RULE
from policies.stores import DATA_PORTS
from tests.policies.judging import findings_so_far, found, subject

PUBLIC = "0.0.0.0"
COMPLIANT: dict[str, Any] = {
    "name": "db",
    "image": "pgvector/pgvector:pg16",
    "ports": [{"internal": 5432, "external": 5432, "ip": "127.0.0.1", "protocol": "tcp"}],
    "networksAdvanced": [{"name": "data-tier"}],
    "labels": [{"label": "data-tier.tier", "value": "data"}],
    "envs": ["POSTGRES_PASSWORD=hunter2"],
}
APP: dict[str, Any] = {
    "name": "web",
    "image": "example/web:1",
    "ports": [{"internal": 3000, "external": 3000, "ip": PUBLIC}],
}


def violations(props: dict[str, Any], kind: str = CONTAINER) -> list[str]:
    return found(RULE, kind, props)


def with_port(**changes: Any) -> dict[str, Any]:
    props = copy.deepcopy(COMPLIANT)
    props["ports"][0].update(changes)
    return props


def without_port_key(key: str) -> dict[str, Any]:
    props = copy.deepcopy(COMPLIANT)
    del props["ports"][0][key]
    return props


def test_a_data_port_on_loopback_passes():
    assert violations(COMPLIANT) == []


def test_the_rule_is_mandatory_and_critical():
    assert (RULE.level, RULE.severity) == (Level.MANDATORY, Severity.CRITICAL)


@pytest.mark.parametrize("ip", ["127.0.0.1", "127.8.9.10", "::1", "0:0:0:0:0:0:0:1", "::ffff:127.0.0.1"])
def test_every_spelling_of_loopback_passes(ip):
    assert violations(with_port(ip=ip)) == []


@pytest.mark.parametrize(
    "ip",
    [
        "",
        "0",
        PUBLIC,
        "::",
        "[::]",
        "::ffff:0.0.0.0",
        "localhost",
        "db.example",
        "203.0.113.7",
        "192.168.1.5",
        "10.0.0.1",
        "2001:db8::1",
        "127.1",
        "[::1]",
        " 127.0.0.1",
        "127.0.0.1 ",
        "127.0.0.1/32",
        "127.000.000.001",
        "::1%lo",
        "::ffff:8.8.8.8",
    ],
)
def test_every_other_address_is_refused(ip):
    assert len(violations(with_port(ip=ip))) == 1


def test_a_missing_ip_is_every_address():
    assert "every address" in violations(without_port_key("ip"))[0]


def test_a_null_ip_is_every_address():
    assert "every address" in violations(with_port(ip=None))[0]


@pytest.mark.parametrize("port", sorted(DATA_PORTS))
def test_the_usual_port_of_each_store_is_refused_on_any_container(port):
    assert len(violations({**APP, "ports": [{"internal": port, "external": 15000, "ip": PUBLIC}]})) == 1


@pytest.mark.parametrize("port", [5432.0, "5432", "5432/tcp", "5430-5440", "6379", "postgres"])
def test_a_port_is_recognized_as_number_text_range_and_when_it_cannot_be_read(port):
    assert len(violations({**APP, "ports": [{"internal": port, "ip": PUBLIC}]})) == 1


def test_a_data_port_outside_is_refused_whatever_the_port_inside():
    assert len(violations({**APP, "ports": [{"internal": 15432, "external": 5432, "ip": PUBLIC}]})) == 1


def test_a_public_port_that_is_no_data_port_passes_on_an_app():
    assert violations(APP) == []


def test_port_zero_is_no_data_port():
    assert violations({**APP, "ports": [{"internal": 0, "external": 0, "ip": PUBLIC}]}) == []


def test_a_store_on_another_port_is_refused_by_its_image():
    assert len(violations({**APP, "image": "docker.io/library/redis:7-alpine"})) == 1


@pytest.mark.parametrize(
    "image",
    [
        "postgres",
        "bitnami/postgresql:16",
        "pgvector/pgvector:pg16",
        "data-tier/postgres:17",
        "mongo:7",
        "mariadb@sha256:" + "0" * 64,
    ],
)
def test_images_of_stores_are_recognized(image):
    assert len(violations({**APP, "image": image})) == 1


@pytest.mark.parametrize(
    "image", ["oliver006/redis_exporter:1", "rediscommander/redis-commander", "example/mysqlike-frontend"]
)
def test_images_around_stores_are_not_stores(image):
    assert violations({**APP, "image": image}) == []


def test_a_store_on_another_port_is_refused_by_its_label():
    assert len(violations({**APP, "labels": [{"label": "data-tier.tier", "value": "data"}]})) == 1


def test_another_tier_in_the_label_is_no_store():
    assert violations({**APP, "labels": [{"label": "data-tier.tier", "value": "frontend"}]}) == []


def test_each_port_is_reported():
    props = {
        **COMPLIANT,
        "ports": [{"internal": 5432}, {"internal": 6432, "ip": "::"}, {"internal": 80, "ip": "127.0.0.1"}],
    }
    assert [message.split(":")[0] for message in violations(props)] == ["ports[0]", "ports[1]"]


def test_missing_and_empty_ports_pass():
    assert violations({"image": "postgres"}) == []
    assert violations({"image": "postgres", "ports": []}) == []


def test_other_resource_types_are_left_alone():
    assert violations(with_port(ip=PUBLIC), kind="docker:index/network:Network") == []


def test_an_unknown_address_is_no_violation_and_is_told():
    with pytest.raises(UnknownValueError) as caught:
        violations(with_port(ip=UNKNOWN_STRING_VALUE))
    assert "ports.0.ip" in caught.value.message


@pytest.mark.parametrize(
    ("key", "value"),
    [("image", UNKNOWN_STRING_VALUE), ("labels", UNKNOWN_ARRAY_VALUE), ("envs", UNKNOWN_ARRAY_VALUE)],
)
def test_an_unknown_value_does_not_hide_an_open_port(key, value):
    one = subject(CONTAINER, {**with_port(ip=PUBLIC, external=UNKNOWN_NUMBER_VALUE), key: value})
    assert len(findings_so_far(RULE, one)) == 1
    with pytest.raises(UnknownValueError):
        one.reader.finish()


def test_an_unknown_port_does_not_hide_the_next_one():
    props = {**COMPLIANT, "ports": [{"internal": UNKNOWN_NUMBER_VALUE, "ip": UNKNOWN_STRING_VALUE}, {"internal": 5432}]}
    one = subject(CONTAINER, props)
    assert [message.split(":")[0] for message in findings_so_far(RULE, one)] == ["ports[1]"]
    with pytest.raises(UnknownValueError):
        one.reader.finish()


def test_an_unknown_image_behind_loopback_is_not_even_read():
    assert violations({**COMPLIANT, "image": UNKNOWN_STRING_VALUE}) == []


def test_an_unknown_image_of_a_public_app_is_told():
    with pytest.raises(UnknownValueError):
        violations({**APP, "image": UNKNOWN_STRING_VALUE})


def test_an_unknown_image_is_not_told_where_a_label_names_the_tier():
    labels = [{"label": "data-tier.tier", "value": "frontend"}]
    assert violations({**APP, "image": UNKNOWN_STRING_VALUE, "labels": labels}) == []


def test_a_label_of_another_tier_does_not_excuse_the_image_of_a_store():
    labels = [{"label": "data-tier.tier", "value": "frontend"}]
    assert len(violations({**APP, "image": "redis:7", "labels": labels})) == 1


def test_an_unknown_list_of_ports_is_told():
    with pytest.raises(UnknownValueError):
        violations({**COMPLIANT, "ports": UNKNOWN_ARRAY_VALUE})


def test_findings_hold_no_values_but_port_and_address():
    for message in violations(with_port(ip=PUBLIC)):
        assert not re.search("hunter2|POSTGRES", message)
