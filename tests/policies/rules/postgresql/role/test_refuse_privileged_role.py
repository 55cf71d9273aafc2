"""A compliant role, and one attribute more per test."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi_policy.proxy import UNKNOWN_BOOLEAN_VALUE, UNKNOWN_STRING_VALUE, UnknownValueError

from policies.rules.postgresql._types import ROLE
from policies.rules.postgresql.role.refuse_privileged_role import ATTRIBUTES, RULE
from tests.policies.judging import changed, findings_so_far, found, subject

COMPLIANT: dict[str, Any] = {"name": "shop_a", "login": True, "connectionLimit": 20.0, "password": "hunter2"}


def test_a_plain_login_passes():
    assert found(RULE, ROLE, COMPLIANT) == []


@pytest.mark.parametrize("attribute", ATTRIBUTES)
@pytest.mark.parametrize("on", [True, "true", "True", "t", 1])
def test_each_attribute_is_refused_in_every_spelling(attribute, on):
    assert [one.split(":")[0] for one in found(RULE, ROLE, changed(COMPLIANT, **{attribute: on}))] == [attribute]


@pytest.mark.parametrize("attribute", ATTRIBUTES)
@pytest.mark.parametrize("off", [False, "false", None, ""])
def test_an_attribute_that_is_off_or_empty_passes(attribute, off):
    assert found(RULE, ROLE, changed(COMPLIANT, **{attribute: off})) == []


@pytest.mark.parametrize("attribute", ATTRIBUTES)
def test_an_unknown_attribute_is_told_and_hides_no_other(attribute):
    other = next(one for one in reversed(ATTRIBUTES) if one != attribute)
    one = subject(ROLE, changed(COMPLIANT, **{attribute: UNKNOWN_BOOLEAN_VALUE, other: True}))
    assert len(findings_so_far(RULE, one)) == 1
    with pytest.raises(UnknownValueError):
        one.reader.finish()


def test_a_role_may_be_allowed_one_attribute():
    props = changed(COMPLIANT, name="standby", replication=True)
    assert found(RULE, ROLE, props, allowed={"replication": ["standby"]}) == []


def test_an_allowed_attribute_allows_no_other():
    props = changed(COMPLIANT, name="standby", replication=True, superuser=True)
    assert len(found(RULE, ROLE, props, allowed={"replication": ["standby"]})) == 1


@pytest.mark.parametrize("name", [UNKNOWN_STRING_VALUE, None, ""])
def test_a_role_without_a_known_name_is_never_an_allowed_one(name):
    one = subject(ROLE, changed(COMPLIANT, name=name, superuser=True))
    assert len(findings_so_far(RULE, one, allowed={"superuser": ["admin", ""]})) == 1
