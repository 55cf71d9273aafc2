"""The bridge's rules on small tables of their own."""

from __future__ import annotations

import pytest

from embedded.providers import bridge
from embedded.providers.base import Kind
from embedded.providers.bridge import Property, Schema
from embedded.values import UNKNOWN, Secret

RULE = Schema(
    "rule",
    (
        Property(name="port", kind="integer", required=True, replaces=True),
        Property(name="note", default="none"),
        Property(name="given", computed=True),
    ),
)
THING = Schema(
    "shop:index/thing:Thing",
    (
        Property(name="count", kind="integer", default=3),
        Property(name="flag", kind="boolean", default=False),
        Property(name="gone", carried=False),
        Property(name="key", secret=True),
        Property(name="made", output=True),
        Property(name="name", autonamed=True, replaces=True),
        Property(name="options", kind="map"),
        Property(name="rules", kind="list", element=RULE),
        Property(name="single", kind="object", element=RULE),
        Property(
            name="size", kind="integer", computed=True, invalid=lambda value: None if value > 0 else "must be above 0"
        ),
        Property(name="tags", kind="set", replaces=True),
        Property(name="words", kind="list", computed=True, replaces=True),
    ),
    schema_version=1,
)


def failures(**inputs):
    return {item.property: item.reason for item in bridge.check(THING, "t", {"name": "n", **inputs}).failures}


def detailed(old, new, **more):
    outputs = {"name": "n", "count": 3, "words": [], **old}
    return dict(bridge.diff(THING, {}, outputs, {"name": "n", **new}, **more).detailed)


def test_unknown_property_names_are_refused_at_any_depth():
    found = failures(colour="red", rules=[{"port": 1, "colour": "red"}])
    assert found == {
        "colour": "shop Thing has no input property 'colour'; check its spelling",
        "rules[0].colour": "shop Thing has no input property 'colour'; check its spelling",
    }


def test_a_property_that_is_not_carried_is_refused_by_name_and_an_output_cannot_be_set():
    found = failures(gone="x", made="y")
    assert found["gone"] == "shop Thing property 'gone' is not carried by the embedded engine; use the Pulumi CLI"
    assert "made" in found


def test_a_null_property_counts_as_not_set():
    assert failures(gone=None, colour=None) == {}


@pytest.mark.parametrize(
    ("inputs", "path", "expected"),
    [
        ({"count": "many"}, "count", "a whole number"),
        ({"count": 1.5}, "count", "a whole number"),
        ({"count": True}, "count", "a whole number"),
        ({"flag": "yes"}, "flag", "true or false"),
        ({"tags": "one"}, "tags", "a list"),
        ({"options": ["a"]}, "options", "an object"),
        ({"rules": [{"port": []}]}, "rules[0].port", "one integer"),
        ({"options": {"a-b": {}}}, 'options["a-b"]', "one string"),
    ],
)
def test_a_wrong_type_is_refused_with_its_path_and_without_its_value(inputs, path, expected):
    found = failures(**inputs)
    assert list(found) == [path]
    assert found[path].endswith(f"must be {expected}")


def test_a_required_property_is_asked_for_inside_a_block():
    assert list(failures(single={"note": "x"})) == ["single.port"]


def test_an_unknown_value_is_neither_refused_nor_checked():
    assert failures(size=UNKNOWN, tags=UNKNOWN, rules=[{"port": UNKNOWN}], single=UNKNOWN) == {}
    assert failures(size=0) == {"size": "shop Thing property 'size' must be above 0"}


def test_defaults_are_recorded_on_every_object_and_zero_ones_are_not():
    inputs = bridge.check(THING, "t", {"name": "n", "rules": [{"port": 1}]}).inputs
    assert inputs == {
        "__defaults": ["count"],
        "count": 3,
        "name": "n",
        "rules": [{"__defaults": ["note"], "note": "none", "port": 1}],
    }


def test_a_generated_name_starts_with_the_resource_name_and_stays():
    first = bridge.check(THING, "t", {}).inputs
    assert first["name"].startswith("t-")
    assert len(first["name"]) == len("t-") + 7
    assert "name" in first["__defaults"]
    assert bridge.check(THING, "t", {}, first).inputs["name"] == first["name"]
    assert bridge.check(THING, "t", {}, {"name": "fixed", "__defaults": []}).inputs["name"] != "fixed"


def test_secret_properties_come_back_as_secrets():
    assert bridge.check(THING, "t", {"key": "k"}).inputs["key"] == Secret("k")
    assert bridge.sealed(THING, {"key": None})["key"] == Secret(None)
    assert bridge.planned(THING, {"name": "n", "key": "k"})["key"] == Secret("k")


def test_missing_and_zero_are_one():
    assert detailed({"flag": False, "options": {}, "rules": [], "tags": []}, {"count": 3}) == {}
    assert detailed({}, {"flag": False, "options": {}, "rules": [], "tags": []}) == {}


def test_a_property_no_longer_set_returns_to_its_default_or_goes():
    assert detailed({"count": 5}, {}) == {"count": Kind.UPDATE}
    assert detailed({"key": "k"}, {}) == {"key": Kind.DELETE}
    assert detailed({"size": 5}, {}) == {}  # computed: the server's choice


def test_members_of_maps_lists_and_blocks_differ_by_their_paths():
    assert detailed({"options": {"a": "1", "b-c": "2"}}, {"options": {"a": "3"}}) == {
        "options.a": Kind.UPDATE,
        'options["b-c"]': Kind.DELETE,
    }
    old = {"rules": [{"port": 1, "note": "none", "given": "x"}], "single": {"port": 1, "note": "a"}}
    new = {"rules": [{"port": 2}, {"port": 3}], "single": {"port": 1, "note": "b"}}
    assert detailed(old, new) == {
        "rules[0].port": Kind.UPDATE_REPLACE,
        "rules[1]": Kind.ADD_REPLACE,
        "single.note": Kind.UPDATE,
    }


def test_sets_have_no_order_and_differ_by_member():
    assert detailed({"tags": ["a", "b"]}, {"tags": ["b", "a"]}) == {}
    assert detailed({"tags": ["a", "b"]}, {"tags": ["c", "b"]}) == {"tags[0]": Kind.UPDATE_REPLACE}
    assert detailed({"tags": ["a", "b"]}, {"tags": ["b"]}) == {"tags[0]": Kind.DELETE_REPLACE}
    assert detailed({"tags": []}, {"tags": ["b"]}) == {"tags": Kind.ADD_REPLACE}
    assert detailed({"tags": ["b"]}, {}) == {"tags": Kind.DELETE_REPLACE}


def test_unknown_values_count_as_changed():
    assert detailed({"key": "k", "tags": ["a"]}, {"key": UNKNOWN, "tags": UNKNOWN}) == {
        "key": Kind.UPDATE,
        "tags": Kind.UPDATE_REPLACE,
    }
    assert detailed({"tags": ["a"]}, {"tags": ["a", UNKNOWN]}) == {"tags[1]": Kind.ADD_REPLACE}
    assert detailed({"rules": [{"port": 1}]}, {"rules": [{"port": UNKNOWN}]}) == {"rules[0].port": Kind.UPDATE_REPLACE}
    assert detailed({"single": {"port": 1}}, {"single": UNKNOWN}) == {"single": Kind.UPDATE_REPLACE}


def test_a_computed_list_that_was_never_read_back_replaces():
    assert detailed({"words": None}, {}) == {"words": Kind.UPDATE_REPLACE}


def test_numbers_and_booleans_may_be_written_as_text():
    assert detailed({"count": 4, "flag": True}, {"count": "4", "flag": "true"}) == {}


@pytest.mark.parametrize(("defaults", "before"), [([], True), (["name"], False)])
def test_a_fixed_name_is_freed_before_its_successor_takes_it(defaults, before):
    new = {"__defaults": defaults, "name": "n", "tags": ["a"]}
    assert (
        bridge.diff(THING, {"name": "n"}, {"name": "n", "words": [], "count": 3}, new).delete_before_replace is before
    )


def test_planned_outputs_are_unknown_where_the_server_decides():
    planned = bridge.planned(THING, {"name": "n", "rules": [{"port": 1}]})
    assert (planned["id"], planned["made"], planned["size"], planned["words"]) == (UNKNOWN,) * 4
    assert (planned["rules"][0]["note"], planned["flag"], planned["options"]) == ("none", False, None)


def test_an_update_keeps_what_does_not_change():
    old = {"id": "i", "made": "m", "size": 7, "name": "n", "words": ["w"], "tags": ["a"], "count": 3}
    planned = bridge.planned(THING, {"name": "n", "tags": ["a"], "count": 4}, old)
    assert {key: planned[key] for key in old} == {**old, "count": 4}


def test_an_import_takes_what_differs_from_the_defaults():
    outputs = {
        "name": "n",
        "count": 3,
        "flag": False,
        "size": 9,
        "made": "m",
        "tags": ["a"],
        "options": {},
        "gone": "x",
    }
    inputs = bridge.read_inputs(THING, {}, outputs)
    assert inputs == {"__defaults": ["count"], "count": 3, "name": "n", "size": 9, "tags": ["a"]}


def test_a_read_shows_drift_in_the_inputs_and_adds_nothing():
    inputs = {"__defaults": [], "count": 4, "name": "n", "tags": ["b", "a"]}
    outputs = {"name": "n", "count": 5, "size": 9, "tags": ["a", "b"], "key": "k"}
    assert bridge.read_inputs(THING, inputs, outputs) == {"count": 5, "name": "n", "tags": ["a", "b"]}


def test_a_second_refresh_takes_the_null_that_the_first_has_written() -> None:
    once = bridge.read_inputs(THING, {"name": "n", "tags": None}, {"name": "n", "tags": None})
    assert bridge.read_inputs(THING, once, {"name": "n", "tags": None}) == once
    assert bridge.read_inputs(THING, {"name": "n", "tags": None}, {"name": "n", "tags": ["a"]})["tags"] == ["a"]
