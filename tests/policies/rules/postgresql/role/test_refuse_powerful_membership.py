"""An app's memberships, and one that reaches too far per test."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi_policy.proxy import UNKNOWN_ARRAY_VALUE, UNKNOWN_STRING_VALUE, UnknownValueError

from policies.rules.postgresql._types import GRANT_ROLE, ROLE
from policies.rules.postgresql.role.refuse_powerful_membership import RULE
from tests.policies.judging import changed, findings_so_far, found, subject

COMPLIANT: dict[str, Any] = {"name": "shop_migrate", "roles": ["shop", "shop_owner"], "assumeRole": "shop_owner"}
POWERFUL = [
    "pg_read_all_data",
    "pg_write_all_data",
    "pg_execute_server_program",
    "pg_read_server_files",
    "pg_monitor",
    "pg_write_server_files",
    "pg_signal_backend",
    "pg_maintain",
    "PG_MONITOR",
    '"pg_monitor"',
    "postgres",
    "rds_superuser",
]


@pytest.mark.parametrize("roles", [["shop"], [], None, ...])
def test_own_groups_or_none_pass(roles):
    assert found(RULE, ROLE, changed(COMPLIANT, roles=roles)) == []


@pytest.mark.parametrize("role", POWERFUL)
def test_a_powerful_role_is_refused_in_the_list(role):
    assert found(RULE, ROLE, changed(COMPLIANT, roles=["shop", role]))[0].startswith("roles[1]")


@pytest.mark.parametrize("role", POWERFUL)
def test_a_powerful_role_is_refused_by_grant(role):
    assert len(found(RULE, GRANT_ROLE, {"role": "shop_a", "grantRole": role})) == 1


def test_a_powerful_role_is_refused_as_the_one_to_assume():
    assert len(found(RULE, ROLE, changed(COMPLIANT, assumeRole="postgres"))) == 1


def test_an_own_group_passes_by_grant():
    assert found(RULE, GRANT_ROLE, {"role": "shop_a", "grantRole": "shop"}) == []


def test_the_exporter_may_be_allowed_to_monitor():
    props = changed(COMPLIANT, name="exporter", roles=["pg_monitor"])
    assert found(RULE, ROLE, props, allowed={"pg_monitor": ["exporter"]}) == []
    assert len(found(RULE, ROLE, changed(props, name="shop"), allowed={"pg_monitor": ["exporter"]})) == 1


def test_an_unknown_list_is_told():
    with pytest.raises(UnknownValueError):
        found(RULE, ROLE, changed(COMPLIANT, roles=UNKNOWN_ARRAY_VALUE))


def test_an_unknown_role_hides_no_other():
    one = subject(ROLE, changed(COMPLIANT, roles=[UNKNOWN_STRING_VALUE, "pg_monitor"]))
    assert len(findings_so_far(RULE, one)) == 1
    with pytest.raises(UnknownValueError):
        one.reader.finish()


@pytest.mark.parametrize("login", ["data_tier_exporter_a", "data_tier_exporter_b"])
def test_the_exporters_alone_read_all_statistics(login):
    assert found(RULE, ROLE, changed(COMPLIANT, name=login, roles=["pg_monitor"])) == []
    assert len(found(RULE, ROLE, changed(COMPLIANT, name=login, roles=["pg_read_all_data"]))) == 1


@pytest.mark.parametrize("role", ["pg_read_all_stats", "pg_signal_backend"])
def test_the_watchdog_alone_sees_and_ends_sessions(role):
    assert found(RULE, ROLE, changed(COMPLIANT, name="data_tier_watchdog", roles=[role])) == []
    assert len(found(RULE, ROLE, changed(COMPLIANT, name="shop_a", roles=[role]))) == 1
    assert len(found(RULE, ROLE, changed(COMPLIANT, name="data_tier_watchdog", roles=["pg_read_all_data"]))) == 1
