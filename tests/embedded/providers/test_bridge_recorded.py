"""The bridge against calls recorded from the official docker plugin 5.2.0."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from embedded.providers import bridge
from embedded.providers.docker._container_schema import CONTAINER
from embedded.providers.docker._schemas import NETWORK, VOLUME
from embedded.values import UNKNOWN, UNKNOWN_SENTINEL, walk

SCHEMAS = {schema.type: schema for schema in (NETWORK, VOLUME, CONTAINER)}
FIXTURE = Path(__file__).parents[2] / "fixtures" / "docker_calls.json"
CALLS = walk(json.loads(FIXTURE.read_text()), lambda value: UNKNOWN if value == UNKNOWN_SENTINEL else value)


def recorded(method, *, preview=False):
    """The calls of one method, each under its name."""
    chosen = [call for call in CALLS if call["method"] == method and call["preview"] is preview]
    assert chosen, f"no recorded {method}"
    return [
        pytest.param(SCHEMAS[call["type"]], call, id=f"{call['type'].split(':')[-1]} {call['name']}") for call in chosen
    ]


def plain(outputs):
    """Without the bookkeeping keys, which a preview does not show."""
    return {key: value for key, value in outputs.items() if not key.startswith("__")}


@pytest.mark.parametrize(("schema", "call"), recorded("Check"))
def test_checked_inputs_are_those_of_the_official_plugin(schema, call):
    result = bridge.check(schema, call["name"], call["request"]["news"], call["request"]["olds"])
    assert result.failures == []
    assert result.inputs == call["response"]["inputs"]


@pytest.mark.parametrize(("schema", "call"), recorded("Diff"))
def test_differences_are_those_of_the_official_plugin(schema, call):
    request, answer = call["request"], call["response"]
    diff = bridge.diff(schema, request["oldInputs"], request["olds"], request["news"])
    assert {path: kind.name for path, kind in diff.detailed.items()} == {
        path: item["kind"] for path, item in answer.get("detailedDiff", {}).items()
    }
    assert diff.changes is (answer["changes"] == "DIFF_SOME")
    assert list(diff.diffs) == answer.get("diffs", [])
    assert set(diff.replaces) == set(answer.get("replaces", []))
    assert diff.delete_before_replace is answer.get("deleteBeforeReplace", False)


@pytest.mark.parametrize(("schema", "call"), recorded("Create", preview=True))
def test_planned_outputs_of_a_creation_are_those_of_the_official_plugin(schema, call):
    assert bridge.planned(schema, call["request"]["properties"]) == plain(call["response"]["properties"])


@pytest.mark.parametrize(("schema", "call"), recorded("Update", preview=True))
def test_planned_outputs_of_an_update_are_those_of_the_official_plugin(schema, call):
    planned = bridge.planned(schema, call["request"]["news"], call["request"]["olds"])
    assert bridge.settled(schema, plain(planned)) == plain(call["response"]["properties"])


@pytest.mark.parametrize(("schema", "call"), [*recorded("Create"), *recorded("Update"), *recorded("Read")])
def test_bookkeeping_keys_are_those_of_the_official_plugin(schema, call):
    outputs = call["response"]["properties"]
    unread = ("healthcheck",) if call["method"] == "Create" else ()
    assert bridge.sealed(schema, plain(outputs), unread=unread) == outputs


@pytest.mark.parametrize(("schema", "call"), recorded("Read"))
def test_inputs_after_a_read_are_those_of_the_official_plugin(schema, call):
    answer = call["response"]
    assert bridge.read_inputs(schema, call["request"]["inputs"], answer["properties"]) == answer["inputs"]
