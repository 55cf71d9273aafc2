"""Text that is measured without a font, and a canvas that writes well-formed SVG."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from operate.drawing import Canvas, first_that_fits, fit, width
from tests.operate.svg import Picture


def test_wide_letters_are_wider_than_narrow_ones_and_bold_is_wider() -> None:
    assert width("mmm", 10) > width("aaa", 10) > width("iii", 10) > 0
    assert width("aaa", 10, bold=True) > width("aaa", 10)


@given(st.text(min_size=1, max_size=60), st.floats(min_value=12, max_value=400))
def test_what_is_fitted_fits_and_begins_as_the_text_does(text: str, room: float) -> None:
    fitted = fit(text, room, 11)
    assert width(fitted, 11) <= room or fitted == "…"
    assert fitted == text or text.startswith(fitted.removesuffix("…"))


def test_the_longest_of_several_texts_that_fits_is_taken() -> None:
    texts = ["PostgreSQL 17 · 1 GiB", "PostgreSQL 17"]
    assert first_that_fits(texts, 400, 10) == texts[0]
    assert first_that_fits(texts, 90, 10) == texts[1]
    assert first_that_fits(texts, 40, 10).endswith("…")


def test_markup_in_a_text_or_title_stays_text() -> None:
    canvas = Canvas(100, 'a <b> & "c"')
    canvas.text(1, 10, "<&>", "ink", told="<script>")
    canvas.rect(1, 1, 5, 5, "box", data={"container": '"><x/>'})
    picture = Picture(canvas.svg(20))
    assert [label.text for label in picture.labels] == ["<&>"]
    assert picture.data("container") == ['"><x/>']
    assert picture.classes_without_colour() == set()
