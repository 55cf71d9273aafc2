"""One compliant resource and one change per test."""

from __future__ import annotations

import pytest
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, UnknownValueError

from policies.containers import CONTAINER
from policies.rule import Level
from policies.rules.docker.container.refuse_loopback_data_port import RULE
from tests.policies.docker_models import APP, STORE
from tests.policies.judging import changed, found


def port(**fields):
    return [{"internal": 5432, "external": 5432, "ip": "127.0.0.1", **fields}]


def test_it_is_advisory_where_no_configuration_says_what_the_stack_is():
    assert RULE.level is Level.ADVISORY


@pytest.mark.parametrize("ip", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
def test_a_data_port_on_loopback_is_told(ip):
    assert len(found(RULE, CONTAINER, changed(STORE, ports=port(ip=ip)))) == 1


def test_any_port_of_a_store_on_loopback_is_told():
    assert len(found(RULE, CONTAINER, changed(STORE, ports=port(internal=80, external=8080)))) == 1


def test_an_apps_own_port_on_loopback_passes():
    assert found(RULE, CONTAINER, changed(APP, ports=port(internal=80, external=8080))) == []


@pytest.mark.parametrize("ip", ["0.0.0.0", "", None])
def test_other_addresses_belong_to_another_rule(ip):
    assert found(RULE, CONTAINER, changed(STORE, ports=port(ip=ip))) == []


def test_an_unknown_address_is_told_later():
    with pytest.raises(UnknownValueError):
        found(RULE, CONTAINER, changed(STORE, ports=port(ip=UNKNOWN_STRING_VALUE)))
