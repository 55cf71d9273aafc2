"""What is granted stays with whom it was granted to."""

from __future__ import annotations

import pytest
from pulumi_policy.proxy import UNKNOWN_BOOLEAN_VALUE, UnknownValueError

from policies.rules.postgresql._types import GRANT, GRANT_ROLE, GRANTS, SCHEMA
from policies.rules.postgresql.grant.refuse_grant_option import RULE
from tests.policies.judging import found


@pytest.mark.parametrize("kind", sorted(GRANTS))
@pytest.mark.parametrize(("option", "count"), [(True, 1), ("true", 1), (False, 0), (None, 0), ("false", 0)])
def test_the_grant_option_is_refused(kind, option, count):
    assert len(found(RULE, kind, {"role": "shop", "privileges": ["USAGE"], "withGrantOption": option})) == count


def test_the_admin_option_is_refused():
    assert len(found(RULE, GRANT_ROLE, {"role": "a", "grantRole": "b", "withAdminOption": True})) == 1
    assert found(RULE, GRANT_ROLE, {"role": "a", "grantRole": "b"}) == []


@pytest.mark.parametrize("key", ["createWithGrant", "usageWithGrant"])
def test_a_schemas_policy_has_none_either(key):
    assert len(found(RULE, SCHEMA, {"policies": [{"role": "a", "usage": True}, {"role": "a", key: True}]})) == 1


def test_an_unknown_option_is_told():
    with pytest.raises(UnknownValueError):
        found(RULE, GRANT, {"role": "shop", "withGrantOption": UNKNOWN_BOOLEAN_VALUE})
