"""Privileges of PUBLIC, in every resource that can give some."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi_policy.proxy import UNKNOWN_ARRAY_VALUE, UNKNOWN_STRING_VALUE, UnknownValueError

from policies.rules.postgresql._types import GRANT, GRANT_ROLE, GRANTS, SCHEMA
from policies.rules.postgresql.grant.refuse_grant_to_public import RULE
from tests.policies.judging import changed, findings_so_far, found, subject

COMPLIANT: dict[str, Any] = {"role": "shop", "privileges": ["CONNECT"], "objectType": "database", "database": "shop"}


@pytest.mark.parametrize("kind", sorted(GRANTS))
def test_a_grant_to_a_group_passes(kind):
    assert found(RULE, kind, COMPLIANT) == []


@pytest.mark.parametrize("kind", sorted(GRANTS))
@pytest.mark.parametrize("role", ["public", "PUBLIC", "Public", " public ", '"public"'])
def test_a_grant_to_public_is_refused_in_every_spelling(kind, role):
    assert len(found(RULE, kind, changed(COMPLIANT, role=role))) == 1


@pytest.mark.parametrize("privileges", [[], None, ...])
def test_taking_the_privileges_of_public_away_passes(privileges):
    assert found(RULE, GRANT, changed(COMPLIANT, role="public", privileges=privileges)) == []


@pytest.mark.parametrize("privileges", [UNKNOWN_ARRAY_VALUE, [UNKNOWN_STRING_VALUE]])
def test_unknown_privileges_of_public_are_told(privileges):
    with pytest.raises(UnknownValueError):
        found(RULE, GRANT, changed(COMPLIANT, role="public", privileges=privileges))


def test_an_unknown_privilege_hides_no_other():
    one = subject(GRANT, changed(COMPLIANT, role="public", privileges=[UNKNOWN_STRING_VALUE, "CONNECT"]))
    assert len(findings_so_far(RULE, one)) == 1


def test_an_unknown_role_is_told():
    with pytest.raises(UnknownValueError):
        found(RULE, GRANT, changed(COMPLIANT, role=UNKNOWN_STRING_VALUE))


def test_a_membership_for_public_is_refused():
    assert len(found(RULE, GRANT_ROLE, {"role": "public", "grantRole": "shop"})) == 1


@pytest.mark.parametrize(("role", "count"), [("shop", 0), ("public", 1), ("", 1), (None, 1), (..., 1)])
def test_a_schemas_policy_without_a_role_is_for_public(role, count):
    policy = changed({"role": role, "usage": True})
    assert len(found(RULE, SCHEMA, {"name": "shop", "policies": [policy]})) == count


def test_a_schemas_policy_that_grants_nothing_passes():
    assert found(RULE, SCHEMA, {"policies": [{"role": "public", "usage": False}]}) == []


def test_an_unknown_role_of_a_schemas_policy_is_told():
    with pytest.raises(UnknownValueError):
        found(RULE, SCHEMA, {"policies": [{"role": UNKNOWN_STRING_VALUE, "usage": True}]})
