"""Property paths in options."""

import pytest

from embedded.engine import paths


@pytest.mark.parametrize(("path", "parts"), [
    ("length", ["length"]),
    ("ports[0].ip", ["ports", 0, "ip"]),
    ('labels["a.b"].c', ["labels", "a.b", "c"]),
    ("triggers[*]", ["triggers", "*"]),
])  # fmt: skip
def test_a_path_is_split_into_its_parts(path: str, parts: list[object]) -> None:
    assert paths.parse(path) == parts


@pytest.mark.parametrize(("pattern", "path", "hit"), [
    ("triggers[*]", "triggers", True),
    ("triggers[*]", "triggers[2]", True),
    ("create", "create", True),
    ("create", "update", False),
    ("env", "env.A", True),
    ("env.A", "env.B", False),
])  # fmt: skip
def test_a_pattern_matches_at_below_and_above_its_place(pattern: str, path: str, hit: bool) -> None:
    assert paths.matches(pattern, path) is hit


def test_ignored_properties_keep_their_old_values() -> None:
    new = {"length": 9, "tags": {"a": "new", "b": "new"}, "list": [{"x": 1}, {"x": 2}]}
    old = {"length": 8, "tags": {"a": "old"}, "list": [{"x": 0}, {"x": 0}]}
    kept = paths.keep(new, old, ["length", "tags.a", "list[1].x"])
    assert kept == {"length": 8, "tags": {"a": "old", "b": "new"}, "list": [{"x": 1}, {"x": 0}]}


def test_an_ignored_property_that_was_not_there_is_taken_away() -> None:
    assert paths.keep({"a": 1, "b": 2}, {"a": 1}, ["b"]) == {"a": 1}


def test_ignoring_does_not_change_the_new_inputs_themselves() -> None:
    new = {"tags": {"a": "new"}}
    paths.keep(new, {"tags": {"a": "old"}}, ["tags.a"])
    assert new == {"tags": {"a": "new"}}
