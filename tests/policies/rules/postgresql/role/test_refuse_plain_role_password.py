"""A verifier passes, anything that gives the password away is reported."""

from __future__ import annotations

import pytest
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, UnknownValueError

from policies.rule import Level
from policies.rules.postgresql._types import ROLE
from policies.rules.postgresql.role.refuse_plain_role_password import RULE
from tests.policies.judging import found

STRONG = "aB3dE5fG7hJ9kL1mN3pQ"
SCRAM = "SCRAM-SHA-256$4096:QUFBQUFBQUFBQUFBQUFBQQ==$aj0vVIl2daPEc33N6gKi:zjC2Yaz/1ISaL2f8vYY8="


def test_the_rule_is_advisory():
    assert RULE.level is Level.ADVISORY


@pytest.mark.parametrize("password", [SCRAM, None, ""])
def test_a_verifier_or_none_passes(password):
    assert found(RULE, ROLE, {"password": password}) == []


@pytest.mark.parametrize("password", [STRONG, "md5" + "0" * 32, "SCRAM-SHA-256", SCRAM + "x y"])
def test_a_plain_password_and_an_md5_hash_are_reported_without_it(password):
    (message,) = found(RULE, ROLE, {"password": password})
    assert password not in message


@pytest.mark.parametrize("off", [False, "false"])
def test_encryption_may_not_be_switched_off(off):
    assert len(found(RULE, ROLE, {"password": SCRAM, "encryptedPassword": off})) == 1


def test_an_unknown_password_is_told():
    with pytest.raises(UnknownValueError):
        found(RULE, ROLE, {"password": UNKNOWN_STRING_VALUE})
