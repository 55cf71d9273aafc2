"""A login with a limit, and one change per test."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi_policy.proxy import UNKNOWN_BOOLEAN_VALUE, UNKNOWN_NUMBER_VALUE, UnknownValueError

from policies.rules.postgresql._types import ROLE
from policies.rules.postgresql.role.require_connection_limit import RULE
from tests.policies.judging import changed, found

COMPLIANT: dict[str, Any] = {"name": "shop_a", "login": True, "connectionLimit": 20.0}


@pytest.mark.parametrize("limit", [20.0, 1, "20", 500])
def test_a_login_with_a_limit_passes(limit):
    assert found(RULE, ROLE, changed(COMPLIANT, connectionLimit=limit)) == []


@pytest.mark.parametrize("limit", [..., None, -1, -1.0, "-1", -2, "", "many", "9" * 5000])
def test_a_missing_or_negative_limit_is_none(limit):
    assert len(found(RULE, ROLE, changed(COMPLIANT, connectionLimit=limit))) == 1


def test_zero_locks_the_login_and_passes():
    assert found(RULE, ROLE, changed(COMPLIANT, connectionLimit=0)) == []


@pytest.mark.parametrize("limit", [501, 262143])
def test_a_limit_beyond_any_server_is_none(limit):
    assert len(found(RULE, ROLE, changed(COMPLIANT, connectionLimit=limit))) == 1


def test_an_unknown_limit_is_told():
    with pytest.raises(UnknownValueError):
        found(RULE, ROLE, changed(COMPLIANT, connectionLimit=UNKNOWN_NUMBER_VALUE))


@pytest.mark.parametrize("login", [..., None, False, "false"])
def test_a_role_that_cannot_log_in_needs_none(login):
    assert found(RULE, ROLE, changed(COMPLIANT, login=login, connectionLimit=...)) == []


def test_login_as_text_counts():
    assert len(found(RULE, ROLE, changed(COMPLIANT, login="true", connectionLimit=...))) == 1


def test_an_unknown_login_is_told():
    with pytest.raises(UnknownValueError):
        found(RULE, ROLE, changed(COMPLIANT, login=UNKNOWN_BOOLEAN_VALUE, connectionLimit=...))
