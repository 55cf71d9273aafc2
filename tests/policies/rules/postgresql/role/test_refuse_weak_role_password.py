"""Passwords in plain, hashed, missing and weak."""

from __future__ import annotations

import pytest
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, UnknownValueError

from policies.rules.postgresql._types import PROVIDER, ROLE, USER_MAPPING
from policies.rules.postgresql.role.refuse_weak_role_password import RULE
from tests.policies.judging import found

STRONG = "aB3dE5fG7hJ9kL1mN3pQ"
SCRAM = "SCRAM-SHA-256$4096:QUFBQUFBQUFBQUFBQUFBQQ==$aj0vVIl2daPEc33N6gKi:zjC2Yaz/1ISaL2f8vYY8="


@pytest.mark.parametrize(
    "password", [STRONG, SCRAM, "md5" + "0" * 32, "0123456789abcdef" + "fedcba9876543210", None, ""]
)
def test_strong_hashed_and_no_passwords_pass(password):
    assert found(RULE, ROLE, {"password": password}) == []


@pytest.mark.parametrize("key", ["password", "passwordWo"])
@pytest.mark.parametrize(
    "password", [STRONG[:19], "postgres", "abcdefghijklmnopqrst", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"]
)
def test_a_weak_password_is_refused_and_never_told(key, password):
    messages = found(RULE, ROLE, {key: password})
    assert messages
    assert not any(password in message for message in messages)


def test_the_providers_own_password_counts():
    assert found(RULE, PROVIDER, {"password": "admin"})


def test_the_password_of_a_user_mapping_counts():
    assert found(RULE, USER_MAPPING, {"options": {"user": "x", "password": "y"}})
    assert found(RULE, USER_MAPPING, {"options": {"user": "x"}}) == []


def test_an_unknown_password_is_told():
    with pytest.raises(UnknownValueError):
        found(RULE, ROLE, {"password": UNKNOWN_STRING_VALUE})


@pytest.mark.parametrize("password", ["abcdefgh" * 4, "Password1!Password1!", "aB3" * 11])
def test_a_short_part_over_and_over_is_refused(password):
    assert any("repeats" in message for message in found(RULE, ROLE, {"name": "shop_a", "password": password}))
