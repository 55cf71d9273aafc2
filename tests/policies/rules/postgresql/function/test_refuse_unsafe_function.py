"""Functions stay within what the server checks."""

from __future__ import annotations

import pytest
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, UnknownValueError

from policies.rules.postgresql._types import FUNCTION
from policies.rules.postgresql.function.refuse_unsafe_function import RULE
from tests.policies.judging import changed, findings_so_far, found, subject


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


@pytest.mark.parametrize("returns", [
    "integer", "void", "SETOF shop.item", "numeric(10, 2)", "timestamp with time zone", "text[]", "double precision",
    "TABLE(a integer, b character varying(20))", "trigger", "shop.item.price%TYPE"[5:], '"My Type"', "", None, ...,
])  # fmt: skip
def test_a_plain_type_passes(returns):
    assert found(RULE, FUNCTION, changed({"name": "f", "body": "x", "returns": returns})) == []


@pytest.mark.parametrize(
    "clause", ["integer SECURITY DEFINER", "void AS $$x$$; --", "int language c", "TABLE(a int) SET x"]
)
def test_a_clause_in_place_of_a_type_is_refused(clause):
    assert len(found(RULE, FUNCTION, {"name": "f", "returns": clause})) == 1
    assert len(found(RULE, FUNCTION, {"name": "f", "args": [{"type": "integer"}, {"type": clause}]})) == 1


@pytest.mark.parametrize("key", ["name", "schema", "volatility", "parallel"])
def test_a_clause_in_place_of_a_word_is_refused(key):
    assert len(found(RULE, FUNCTION, {key: "stable SECURITY DEFINER"})) == 1


@pytest.mark.parametrize(("default", "count"), [("0", 0), ("now()", 0), ("0) RETURNS int SECURITY DEFINER --", 1)])
def test_a_default_is_a_value(default, count):
    assert len(found(RULE, FUNCTION, {"args": [{"name": "a", "type": "int", "default": default}]})) == count


@pytest.mark.parametrize("body", [
    "SELECT 1 $function$ SECURITY DEFINER AS $function$ SELECT 1", "BEGIN EXECUTE 'ALTER ROLE a SUPERUSER'; END",
    "COPY t TO PROGRAM 'x'", "GRANT SELECT ON t TO PUBLIC", "alter system set listen_addresses = '*'",
])  # fmt: skip
def test_a_body_that_ends_itself_or_gives_rights_is_refused_without_its_text(body):
    (message,) = found(RULE, FUNCTION, {"name": "f", "body": body})
    assert body not in message


def test_a_body_that_reads_and_writes_passes():
    assert found(RULE, FUNCTION, {"body": "BEGIN INSERT INTO t SELECT $1; RETURN NEW; END"}) == []


def test_an_unknown_argument_hides_no_other():
    one = subject(FUNCTION, {"returns": "int SECURITY DEFINER", "args": [{"type": UNKNOWN_STRING_VALUE}]})
    assert len(findings_so_far(RULE, one)) == 1
