"""What is named as a secret must come from a type whose result is one."""

from __future__ import annotations

import pytest

from policies.rules.random.password.refuse_readable_password import RULE
from tests.policies.judging import findings_so_far, subject


def of(kind: str, name: str) -> list[str]:
    return findings_so_far(RULE, subject(f"random:index/{kind[0].lower()}{kind[1:]}:{kind}", {"length": 32}, name))


@pytest.mark.parametrize(
    "kind", ["RandomString", "RandomPet", "RandomInteger", "RandomUuid", "RandomId", "RandomShuffle"]
)
def test_a_readable_value_named_as_password_is_refused(kind):
    assert len(of(kind, "db-password")) == 1


@pytest.mark.parametrize(
    "name",
    [
        "dbPassword",
        "db_passwd",
        "api-key",
        "apiKey",
        "token",
        "client-secret",
        "DB-PW",
        "db-login",
        "dbpwd1",
        "appPw2",
        "creds",
        "pin",
        "redis-auth",
        "pass1",
    ],
)
def test_every_name_of_a_secret_counts(name):
    assert len(of("RandomString", name)) == 1


@pytest.mark.parametrize(
    "name",
    [
        "postgres-brain-a-salt",
        "suffix",
        "bucket",
        "compass",
        "passenger-id",
        "token-suffix",
        "secret-name-suffix",
        "spinner",
        "author-id",
        "bucket-suffix",
    ],
)
def test_other_names_pass(name):
    assert of("RandomString", name) == []


@pytest.mark.parametrize("kind", ["RandomPassword", "RandomBytes"])
def test_secret_types_pass(kind):
    assert of(kind, "db-password") == []
