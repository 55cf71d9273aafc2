"""Functions stay within what the server checks."""

from __future__ import annotations

import pytest
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, UnknownValueError

from policies.rules.postgresql._types import FUNCTION
from policies.rules.postgresql.function.refuse_unsafe_function import RULE
from tests.policies.judging import changed, found


@pytest.mark.parametrize("language", ["sql", "plpgsql", "SQL", "", None, ...])
def test_checked_languages_pass(language):
    assert found(RULE, FUNCTION, changed({"name": "f", "body": "x", "language": language})) == []


@pytest.mark.parametrize("language", ["c", "C", "internal", "plpython3u", "plperlu", "plsh", "x"])
def test_every_other_language_is_refused(language):
    assert len(found(RULE, FUNCTION, {"name": "f", "body": "secret", "language": language})) == 1


@pytest.mark.parametrize(("definer", "count"), [(True, 1), ("true", 1), (False, 0), (None, 0)])
def test_a_function_that_runs_as_its_owner_is_refused(definer, count):
    assert len(found(RULE, FUNCTION, {"name": "f", "securityDefiner": definer})) == count


def test_an_unknown_language_is_told():
    with pytest.raises(UnknownValueError):
        found(RULE, FUNCTION, {"language": UNKNOWN_STRING_VALUE})
