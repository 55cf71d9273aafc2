"""The suite itself: it sees what is planted, and what it says of itself is current. No Docker."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.conformance import calls, compare, facts, screen, table
from tests.conformance.facts import Seen
from tests.conformance.normal import Names, key, opened, state
from tests.conformance.scripts import SCRIPTS

URN = "urn:pulumi:s::p::random:index/randomString:RandomString::it"
RESOURCE = {"urn": URN, "type": URN.split("::")[2], "id": "abcdefgh", "outputs": {"result": "abcdefgh"}}


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = [leaf for name, item in items for leaf in leaves(item, (*path, name))]
    yield from found or [path]


def test_the_table_in_the_documentation_is_current() -> None:
    text = table.DOCUMENT.read_text()
    assert table.document(text, table.current()) == text, "write it again: python -m tests.conformance.table"


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_every_value_of_a_step_counts(script: Any) -> None:
    steps = facts.load(script.file)
    name = next(step.name for step in script.steps if "diffs" in steps[step.name])
    recorded = {part: value for part, value in steps[name].items() if part != "command"}
    assert compare.differences(recorded, copy.deepcopy(recorded)) == []
    for *path, last in leaves(recorded):
        found = copy.deepcopy(recorded)
        holder = found
        for part in path:
            holder = holder[part]
        holder[last] = "planted"
        assert len(compare.differences(recorded, found)) == 1, f"a change of {(*path, last)} must be seen, and once"


def test_facts_are_whole_again_after_they_were_written(tmp_path: Any) -> None:
    script = SCRIPTS["options"]
    steps = facts.load(script.file)
    facts.save(tmp_path / "again.json", steps)
    assert (tmp_path / "again.json").read_text() == script.file.read_text()


def test_a_generated_value_is_known_again_wherever_it_stands() -> None:
    names = Names([RESOURCE])
    assert names({"url": "x://abcdefgh@y", "same": "abcdefgh"}) == {"same": "<it.result>", "url": "x://<it.result>@y"}
    after = {**RESOURCE, "id": "ijklmnop", "outputs": {"result": "ijklmnop"}}
    both = Names([RESOURCE], [after])
    assert both(["abcdefgh", "ijklmnop"]) == ["<old it.result>", "<it.result>"], "before and after aren't the same"


def test_a_generated_value_of_two_characters_is_named_in_its_own_place_only() -> None:
    short = {**RESOURCE, "outputs": {"result": "20", "length": 20}, "inputs": {"keepers": {"size": "20"}}}
    found = state({"resources": [short]}, Names([short]))["resources"][key(URN)]
    assert found["outputs"] == {"length": 20, "result": "<it.result>"}
    assert found["inputs"] == {"keepers": {"size": "20"}}, "that it is the same may be chance"


def test_a_secret_is_not_the_same_as_its_value_in_plain() -> None:
    signed = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}
    assert opened({**signed, "ciphertext": "x"}, lambda text: json.dumps(f"{text}!")) == {"secret": "x!"}
    assert opened({**signed, "plaintext": '"x"'}, str) == {"secret": "x"}
    assert opened({"a": [{**signed, "value": 1}]}, str) == {"a": [{"secret": 1}]}


def test_what_waits_for_its_deletion_stands_beside_its_successor() -> None:
    deployment = {"resources": [RESOURCE, {**RESOURCE, "delete": True}], "pending_operations": []}
    assert list(state(deployment, Names())["resources"]) == [key(URN), f"{key(URN)} (replaced)"]


def test_steps_are_read_from_the_screen_with_what_changes() -> None:
    text = (
        " ++ random:index:RandomString it creating replacement (0s) [diff: ~length]\n"
        " ++ random:index:RandomString it created replacement (0.02s) [diff: ~length]\n"
        " -  docker:index:Volume data **deleting failed** error: protected\n"
    )
    assert screen.steps(text) == {
        "docker:index:Volume data": ["deleting failed"],
        "random:index:RandomString it": ["create-replacement [~length]"],
    }


def test_the_order_of_what_needs_one_another_is_kept() -> None:
    other = {**RESOURCE, "urn": f"{URN}2", "dependencies": [URN]}
    lines = [f" +  random:index:RandomString {name} created (0s)" for name in ("it", "it2", "apart")]
    seen = Seen(command="up", code=0, out="\n".join(lines), before={}, after={"resources": [RESOURCE, other]})
    expected = ["create random:index:RandomString it, then create random:index:RandomString it2"]
    assert facts.order(seen) == expected


def test_a_call_belongs_to_the_resource_that_has_its_id_and_inputs() -> None:
    one = {**RESOURCE, "id": "none", "inputs": {"length": 1}}
    other = {**one, "urn": f"{URN}2", "inputs": {"length": {"secret": 2}}}
    row = {"method": "Delete", "type": one["type"], "id": "none", "inputs": {"length": 2}}
    assert [item["key"] for item in calls.logged([row], [one, other])] == [f"{key(URN)}2"]
