"""Numbers as providers read them."""

from __future__ import annotations

import pytest

from policies.scalars import whole_number


@pytest.mark.parametrize(
    ("value", "number"), [("20", 20), (20.0, 20), ("-1", -1), (" 7 ", 7), ("x", None), (None, None)]
)
def test_a_number_may_be_text(value, number):
    assert whole_number(value) == number


def test_a_number_of_thousands_of_digits_is_none():
    assert whole_number("9" * 5000) is None
