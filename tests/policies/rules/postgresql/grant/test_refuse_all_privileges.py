"""Grants say what they grant."""

from __future__ import annotations

import pytest
from pulumi_policy.proxy import UNKNOWN_ARRAY_VALUE, UnknownValueError

from policies.rule import Level
from policies.rules.postgresql._types import GRANTS
from policies.rules.postgresql.grant.refuse_all_privileges import RULE
from tests.policies.judging import found


def test_the_rule_is_advisory():
    assert RULE.level is Level.ADVISORY


@pytest.mark.parametrize("kind", sorted(GRANTS))
@pytest.mark.parametrize("privilege", ["ALL", "all", "ALL PRIVILEGES", " All "])
def test_all_is_reported_in_every_spelling(kind, privilege):
    assert len(found(RULE, kind, {"role": "shop", "privileges": [privilege]})) == 1


@pytest.mark.parametrize("privileges", [["SELECT", "INSERT"], [], None])
def test_named_and_no_privileges_pass(privileges):
    assert found(RULE, sorted(GRANTS)[0], {"role": "shop", "privileges": privileges}) == []


def test_unknown_privileges_are_told():
    with pytest.raises(UnknownValueError):
        found(RULE, sorted(GRANTS)[0], {"role": "shop", "privileges": UNKNOWN_ARRAY_VALUE})
