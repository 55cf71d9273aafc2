"""The postgresql provider against calls recorded from the official plugin 3.18.2; no server."""

from __future__ import annotations

import pytest

from embedded.providers import bridge
from embedded.providers.postgresql import PostgresqlProvider
from embedded.providers.postgresql._provider import read_inputs
from embedded.providers.postgresql._schemas import DATABASE, DEFAULT_PRIVILEGES, EXTENSION, GRANT, ROLE, SCHEMA
from embedded.values import reveal
from tests.embedded.providers.recorded import calls, same_diff, values

SCHEMAS = {schema.type: schema for schema in (ROLE, DATABASE, SCHEMA, EXTENSION, GRANT, DEFAULT_PRIVILEGES)}


@pytest.fixture
def provider() -> PostgresqlProvider:
    return PostgresqlProvider()


@pytest.mark.parametrize("call", calls("postgresql", "CheckConfig"))
def test_checked_configuration_is_that_of_the_official_plugin(provider, call):
    result = provider.check_config(call["request"]["olds"], call["request"]["news"])
    assert result.failures == []
    assert result.inputs == values(call["response"]["inputs"])


@pytest.mark.parametrize("call", calls("postgresql", "Check"))
def test_checked_inputs_are_those_of_the_official_plugin(provider, call):
    request = call["request"]
    old, new = (reveal(values(request[key])) for key in ("olds", "news"))
    result = provider.check(call["type"], call["name"], old, new)
    assert result.failures == []
    assert result.inputs == values(call["response"]["inputs"])


@pytest.mark.parametrize("call", calls("postgresql", "Diff"))
def test_differences_are_those_of_the_official_plugin(provider, call):
    old_inputs, old, new = (reveal(values(call["request"][key])) for key in ("oldInputs", "olds", "news"))
    same_diff(provider.diff(call["type"], call["request"]["id"], old_inputs, old, new), call["response"])


@pytest.mark.parametrize("call", calls("postgresql", "Update", preview=True))
def test_planned_outputs_of_an_update_are_those_of_the_official_plugin(provider, call):
    old_inputs, old, new = (reveal(values(call["request"][key])) for key in ("oldInputs", "olds", "news"))
    outputs = provider.update(call["type"], call["request"]["id"], old_inputs, old, new, preview=True, timeout=None)
    assert outputs == values(call["response"]["properties"])


@pytest.mark.parametrize("call", [*calls("postgresql", "Create"), *calls("postgresql", "Update")])
def test_bookkeeping_keys_and_secrets_are_those_of_the_official_plugin(call):
    outputs = values(call["response"]["properties"])
    plain = {key: value for key, value in reveal(outputs).items() if not key.startswith("__")}
    assert bridge.sealed(SCHEMAS[call["type"]], plain) == outputs


@pytest.mark.parametrize("call", calls("postgresql", "Read"))
def test_inputs_after_a_read_are_those_of_the_official_plugin(call):
    answer = call["response"]
    found = read_inputs(SCHEMAS[call["type"]], values(call["request"]["inputs"]), values(answer["properties"]))
    assert reveal(found) == reveal(values(answer["inputs"]))


@pytest.mark.parametrize("call", calls("postgresql", "DiffConfig"))
def test_the_same_configuration_is_no_change(provider, call):
    old, new = (values(call["request"][key]) for key in ("olds", "news"))
    assert provider.diff_config(old, new).changes is False
    assert list(provider.diff_config(old, {**new, "host": "elsewhere"}).diffs) == ["host"]
