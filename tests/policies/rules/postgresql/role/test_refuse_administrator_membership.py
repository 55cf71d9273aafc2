"""Who manages a server isn't joined, whatever its name."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, UnknownValueError

from policies.rule import Subject
from policies.rules.postgresql._types import GRANT_ROLE, PROVIDER, ROLE
from policies.rules.postgresql.role.refuse_administrator_membership import RULE
from tests.policies.judging import found_in_stack, subject

FIRST, SECOND = subject(PROVIDER, {"username": "pgadmin"}, "first"), subject(PROVIDER, {"username": "boss"}, "second")


def of(kind: str, props: dict[str, Any], provider: str = FIRST.urn, manager: Subject = FIRST) -> int:
    one = replace(subject(kind, props), provider=provider)
    return len(found_in_stack(RULE, [replace(manager), SECOND, one]))


def test_an_own_group_passes():
    assert of(ROLE, {"roles": ["shop"], "assumeRole": "shop"}) == of(GRANT_ROLE, {"grantRole": "shop"}) == 0


@pytest.mark.parametrize("name", ["pgadmin", "PgAdmin", '"pgadmin"', " pgadmin "])
def test_the_providers_login_is_refused_however_it_is_given(name):
    assert of(ROLE, {"roles": ["shop", name]}) == 1
    assert of(ROLE, {"assumeRole": name}) == 1
    assert of(GRANT_ROLE, {"role": "shop_a", "grantRole": name}) == 1


def test_the_login_of_another_server_is_no_administrator_here():
    assert of(ROLE, {"roles": ["boss"]}) == 0


def test_where_the_provider_is_not_known_each_login_counts():
    assert of(ROLE, {"roles": ["boss"]}, provider="") == 1


def test_a_login_with_its_server_behind_it_is_the_same():
    manager = subject(PROVIDER, {"username": "pgadmin@east"}, "first")
    assert of(ROLE, {"roles": ["pgadmin"]}, manager=manager) == 1


@pytest.mark.parametrize("name", ["", None])
def test_no_login_and_no_membership_are_not_the_same(name):
    assert of(ROLE, {"roles": [name], "assumeRole": name}, manager=subject(PROVIDER, {}, "first")) == 0


def test_an_unknown_membership_is_told():
    with pytest.raises(UnknownValueError):
        of(GRANT_ROLE, {"grantRole": UNKNOWN_STRING_VALUE})
