"""A database, a schema and their owner; one change per test."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from pulumi_policy.proxy import UNKNOWN_BOOLEAN_VALUE, UNKNOWN_STRING_VALUE, UnknownValueError

from policies.rule import Subject
from policies.rules.postgresql._types import DATABASE, ROLE, SCHEMA
from policies.rules.postgresql.database.refuse_login_owner import RULE
from tests.policies.judging import found_in_stack, subject


def stack(kind: str = DATABASE, owner: Any = "shop_owner", **role: Any) -> list[Subject]:
    return [
        subject(kind, {"name": "shop", "owner": owner}, "shop"),
        subject(ROLE, {"name": "shop_owner", "login": False, **role}, "owner"),
        subject(ROLE, {"name": "shop_a", "login": True}, "shop-a"),
    ]


@pytest.mark.parametrize("kind", [DATABASE, SCHEMA])
@pytest.mark.parametrize("login", [False, None, "false"])
def test_an_owner_that_cannot_log_in_passes(kind, login):
    assert found_in_stack(RULE, stack(kind, login=login)) == []


@pytest.mark.parametrize("kind", [DATABASE, SCHEMA])
@pytest.mark.parametrize("owner", ["shop_a", "SHOP_A", '"shop_a"'])
def test_a_login_that_owns_is_refused(kind, owner):
    subjects = stack(kind, owner)
    assert [one.urn for one in found_in_stack(RULE, subjects)] == [subjects[0].urn]


def test_an_owner_that_nobody_declares_is_refused_unless_it_is_listed():
    assert len(found_in_stack(RULE, stack(owner="elsewhere"))) == 1
    assert found_in_stack(RULE, stack(owner="elsewhere"), owners=["elsewhere"]) == []


def test_listing_a_login_of_the_stack_does_not_let_it_own():
    assert len(found_in_stack(RULE, stack(owner="shop_a"), owners=["shop_a"])) == 1


@pytest.mark.parametrize("owner", [None, ""])
def test_a_missing_owner_is_another_rules_concern(owner):
    assert found_in_stack(RULE, stack(owner=owner)) == []


def test_roles_of_another_server_do_not_count():
    subjects = [dataclasses.replace(one, provider=str(one.type == ROLE)) for one in stack()]
    assert len(found_in_stack(RULE, subjects)) == 1


def test_an_unknown_owner_and_an_unknown_login_are_told():
    for subjects in (stack(owner=UNKNOWN_STRING_VALUE), stack(login=UNKNOWN_BOOLEAN_VALUE)):
        with pytest.raises(UnknownValueError):
            found_in_stack(RULE, subjects)
