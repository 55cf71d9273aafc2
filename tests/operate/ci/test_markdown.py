"""Text of others can't leave its place in the comment."""

from __future__ import annotations

import pytest

from operate.ci.markdown import cell, fenced, span


@pytest.mark.parametrize("text", ["a`b", "a|b", "a\nb", "<!-- x", "@all"])
def test_a_name_stays_one_span_in_one_cell(text: str) -> None:
    shown = span(text)
    assert shown.count("`") == 2
    assert "|" not in shown
    assert "\n" not in shown


def test_a_sentence_is_neither_html_nor_a_mention_nor_a_link() -> None:
    shown = cell("<img src=x> @everyone [here](http://x) **bold** a|b `c`")
    assert "<" not in shown
    assert "@" not in shown
    for sign in "[]*|`":
        assert shown.count(sign) == shown.count(f"\\{sign}")


def test_a_fence_is_longer_than_any_inside() -> None:
    first, text, last = fenced("a\n````\nb", 100)
    assert first == "`````text"
    assert (text, last) == ("a\n````\nb", "`````")


def test_what_is_too_long_is_cut_and_says_how_much() -> None:
    assert fenced("x" * 30, 10)[1] == "x" * 10 + "\n... 20 characters more"
    assert len(span("x" * 9_000)) < 600


def test_a_password_in_a_url_is_hidden_everywhere() -> None:
    for shown in (span("a://u:p@h"), cell("a://u:p@h"), fenced("a://u:p@h", 99)[1]):
        assert "u:p" not in shown
