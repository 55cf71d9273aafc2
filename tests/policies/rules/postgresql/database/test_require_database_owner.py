"""A database with and without an owner."""

from __future__ import annotations

import pytest
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, UnknownValueError

from policies.rules.postgresql._types import DATABASE
from policies.rules.postgresql.database.require_database_owner import RULE
from tests.policies.judging import changed, found


def test_a_named_owner_passes():
    assert found(RULE, DATABASE, {"name": "shop", "owner": "shop_owner"}) == []


@pytest.mark.parametrize("owner", [..., None, "", " "])
def test_a_missing_or_empty_owner_is_the_providers_login(owner):
    assert len(found(RULE, DATABASE, changed({"name": "shop", "owner": owner}))) == 1


def test_an_unknown_owner_is_told_and_no_finding():
    with pytest.raises(UnknownValueError):
        found(RULE, DATABASE, {"name": "shop", "owner": UNKNOWN_STRING_VALUE})
