"""A compliant password, and one change per test."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi_policy.proxy import UNKNOWN_BOOLEAN_VALUE, UNKNOWN_NUMBER_VALUE, UnknownValueError

from policies.rules.random.password.refuse_weak_password import BYTES, PASSWORD, RULE
from tests.policies.judging import changed, findings_so_far, found, subject

COMPLIANT: dict[str, Any] = {"length": 32.0, "special": False}


def violations(props: dict[str, Any], kind: str = PASSWORD) -> list[str]:
    return found(RULE, kind, props)


def test_thirty_two_letters_and_digits_pass():
    assert violations(COMPLIANT) == []


@pytest.mark.parametrize("length", [20, 20.0, "20"])
def test_twenty_characters_are_enough(length):
    assert violations(changed(COMPLIANT, length=length)) == []


@pytest.mark.parametrize("length", [19, 0, -1, "8", None, ..., "long", "9" * 5000])
def test_a_short_or_missing_length_is_refused(length):
    assert "length" in violations(changed(COMPLIANT, length=length))[0]


def test_an_unknown_length_is_told():
    with pytest.raises(UnknownValueError):
        violations(changed(COMPLIANT, length=UNKNOWN_NUMBER_VALUE))


@pytest.mark.parametrize("name", ["lower", "upper", "numeric", "number"])
@pytest.mark.parametrize("off", [False, "false"])
def test_two_classes_are_refused(name, off):
    assert "classes" in violations(changed(COMPLIANT, **{name: off}))[0]


@pytest.mark.parametrize("name", ["lower", "upper", "numeric", "number"])
def test_with_specials_one_class_may_be_off(name):
    assert violations({"length": 20, name: False}) == []


@pytest.mark.parametrize("override", ["", None, "-_"])
def test_specials_count_by_default_and_where_there_are_some(override):
    assert violations({"length": 20, "upper": False, "overrideSpecial": override}) == []


def test_letters_as_specials_are_no_class():
    assert len(violations({"length": 20, "upper": False, "overrideSpecial": "abc"})) == 1


def test_minimum_counts_add_no_class():
    assert len(violations(changed(COMPLIANT, upper=False, minUpper=3, minSpecial=3))) == 1


def test_an_unknown_class_does_not_hide_the_length():
    one = subject(PASSWORD, changed(COMPLIANT, length=8, upper=UNKNOWN_BOOLEAN_VALUE))
    assert len(findings_so_far(RULE, one)) == 1
    with pytest.raises(UnknownValueError):
        one.reader.finish()


@pytest.mark.parametrize(("length", "count"), [(16, 0), (15, 1), (0, 1), (None, 1)])
def test_bytes_need_sixteen(length, count):
    assert len(violations({"length": length}, BYTES)) == count


def test_the_settings_decide_how_many():
    assert len(found(RULE, PASSWORD, COMPLIANT, length=40)) == 1
