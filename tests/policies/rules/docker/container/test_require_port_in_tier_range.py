"""One compliant resource and one change per test."""

from __future__ import annotations

import pytest
from pulumi_policy.proxy import UNKNOWN_NUMBER_VALUE, UnknownValueError

from policies.containers import CONTAINER, SERVICE
from policies.rules.docker.container.require_port_in_tier_range import RULE
from tests.policies.docker_models import APP, SWARM
from tests.policies.judging import changed, found


def on(tier, external, **fields):
    port = {"internal": 80, "external": external, "ip": "127.0.0.1", **fields}
    labels = [{"label": "data-tier.tier", "value": tier}] if tier else []
    return changed(APP, labels=labels, ports=[{key: value for key, value in port.items() if value is not ...}])


@pytest.mark.parametrize(("tier", "port"), [("frontend", 3000), ("backend", 4999), ("admin", 5003), ("Admin", "5003")])
def test_a_port_inside_its_tiers_range_passes(tier, port):
    assert found(RULE, CONTAINER, on(tier, port)) == []


@pytest.mark.parametrize(
    ("tier", "port"),
    [("frontend", 2999), ("frontend", 4000), ("backend", 3000), ("admin", 6000), ("admin", "4999-5001")],
)
def test_a_port_outside_its_tiers_range_is_refused(tier, port):
    assert len(found(RULE, CONTAINER, on(tier, port))) == 1


@pytest.mark.parametrize("external", [..., None, 0])
def test_a_missing_external_port_is_a_random_one(external):
    assert len(found(RULE, CONTAINER, on("backend", external))) == 1


def test_what_cannot_be_read_as_a_port_is_refused():
    assert len(found(RULE, CONTAINER, on("backend", "http"))) == 1


@pytest.mark.parametrize("tier", ["data", "other", ""])
def test_tiers_without_a_range_are_not_looked_at(tier):
    assert found(RULE, CONTAINER, on(tier, 9)) == []


def test_ranges_are_settings():
    assert found(RULE, CONTAINER, on("backend", 9000), ranges={"backend": "9000-9000"}) == []


@pytest.mark.parametrize(("port", "count"), [(1000, 0), (2001, 0), (1500, 1)])
def test_a_tier_may_have_several_ranges(port, count):
    assert len(found(RULE, CONTAINER, on("backend", port), ranges={"backend": "1000-1001,2000-2001"})) == count


def test_a_swarm_services_port_counts_too():
    ports = {"ports": [{"targetPort": 80, "publishedPort": 80}]}
    props = changed(SWARM, labels=[{"label": "data-tier.tier", "value": "backend"}], endpointSpec=ports)
    assert "endpointSpec.ports[0]" in found(RULE, SERVICE, props)[0]


def test_an_unknown_port_is_told_later():
    with pytest.raises(UnknownValueError):
        found(RULE, CONTAINER, on("backend", UNKNOWN_NUMBER_VALUE))
