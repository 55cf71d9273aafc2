"""Which outputs become secret."""

from embedded.engine.secrecy import mark
from embedded.values import Secret


def test_an_output_is_secret_when_its_input_was() -> None:
    assert mark({"password": "x", "name": "n"}, {"password": Secret("x")}) == {"password": Secret("x"), "name": "n"}


def test_a_secret_inside_a_map_stays_where_it_is() -> None:
    marked = mark({"env": {"A": "x", "B": "y"}}, {"env": {"A": Secret("x"), "B": "y"}})
    assert marked == {"env": {"A": Secret("x"), "B": "y"}}


def test_a_list_with_a_secret_anywhere_is_secret_as_a_whole() -> None:
    uploads = [{"file": "/a", "content": "x"}]
    assert mark({"uploads": uploads}, {"uploads": [{"file": "/a", "content": Secret("x")}]}) == {
        "uploads": Secret(uploads)
    }


def test_named_outputs_are_secret_and_missing_ones_are_not_made_up() -> None:
    assert mark({"result": "x"}, {}, ["result", "bcryptHash"]) == {"result": Secret("x")}


def test_what_the_provider_marked_is_not_wrapped_twice() -> None:
    assert mark({"result": Secret("x")}, {"result": Secret("x")}, ["result"]) == {"result": Secret("x")}
