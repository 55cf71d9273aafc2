"""The random provider, against recorded calls and on its own."""

from __future__ import annotations

import base64
import string
import uuid
from collections import Counter
from typing import Any

import bcrypt
import pytest

from embedded.providers.base import ProviderError
from embedded.providers.random import RandomProvider
from embedded.values import UNKNOWN, Secret, reveal
from tests.embedded.providers.recorded import calls, same_diff, values

PASSWORD = "random:index/randomPassword:RandomPassword"
ID = "random:index/randomId:RandomId"
STRING = "random:index/randomString:RandomString"
INTEGER = "random:index/randomInteger:RandomInteger"
UUID = "random:index/randomUuid:RandomUuid"
PET = "random:index/randomPet:RandomPet"
DRAWN = ("result", "bcryptHash", "b64Std", "b64Url", "dec", "hex", "id")


@pytest.fixture
def provider() -> RandomProvider:
    return RandomProvider()


def shape(outputs: dict[str, Any]) -> dict[str, Any]:
    """Outputs with what is random replaced by whether it is secret."""
    return {key: isinstance(value, Secret) if key in DRAWN else value for key, value in outputs.items()}


def made(provider: RandomProvider, type: str, **inputs: Any) -> tuple[str, dict[str, Any]]:
    assert provider.check(type, "it", {}, inputs).failures == []
    return provider.create(type, "it", inputs, preview=False, timeout=None)


def reasons(provider: RandomProvider, type: str, **inputs: Any) -> dict[str, str]:
    return {item.property: item.reason for item in provider.check(type, "it", {}, inputs).failures}


@pytest.mark.parametrize("call", calls("random", "Check"))
def test_checked_inputs_are_those_of_the_official_plugin(provider, call):
    request = call["request"]
    result = provider.check(call["type"], call["name"], values(request["olds"]), values(request["news"]))
    assert result.failures == []
    assert result.inputs == values(call["response"]["inputs"])


@pytest.mark.parametrize("call", calls("random", "Diff"))
def test_differences_are_those_of_the_official_plugin(provider, call):
    old_inputs, old, new = (reveal(values(call["request"][key])) for key in ("oldInputs", "olds", "news"))
    same_diff(provider.diff(call["type"], call["request"]["id"], old_inputs, old, new), call["response"])


@pytest.mark.parametrize("call", calls("random", "Create"))
def test_outputs_have_the_shape_and_secrecy_of_the_official_plugin(provider, call):
    id, outputs = provider.create(
        call["type"], call["name"], reveal(values(call["request"]["properties"])), preview=False, timeout=None
    )
    assert shape(outputs) == shape(values(call["response"]["properties"]))
    assert outputs["id"] == id


@pytest.mark.parametrize("call", calls("random", "Create", preview=True))
def test_planned_outputs_are_those_of_the_official_plugin(provider, call):
    _, outputs = provider.create(
        call["type"], call["name"], reveal(values(call["request"]["properties"])), preview=True, timeout=None
    )
    assert outputs == values(call["response"]["properties"])


@pytest.mark.parametrize("call", calls("random", "Read"))
def test_a_read_answers_what_the_state_says(provider, call):
    request, answer = call["request"], call["response"]
    inputs, outputs = (reveal(values(request.get(key, {}))) for key in ("inputs", "properties"))
    found = provider.read(call["type"], request["id"], inputs, outputs)
    assert found is not None
    assert (found.id, found.inputs) == (answer["id"], values(answer["inputs"]))
    assert found.outputs == values(answer["properties"])


def test_a_password_has_the_characters_that_are_asked_for(provider):
    minimums = {"minLower": 2, "minUpper": 3, "minNumeric": 4, "minSpecial": 5}
    for _ in range(5):
        _, outputs = made(provider, PASSWORD, length=16, overrideSpecial="-_", **minimums)
        result = outputs["result"].value
        kinds = Counter(
            "lower" if c.islower() else "upper" if c.isupper() else "digit" if c.isdigit() else "special"
            for c in result
        )
        assert len(result) == 16
        assert set(result) <= set(string.ascii_letters + string.digits + "-_")
        assert kinds["lower"] >= 2
        assert kinds["upper"] >= 3
        assert kinds["digit"] >= 4
        assert kinds["special"] >= 5


def test_the_required_characters_are_not_always_in_front(provider):
    first = {made(provider, PASSWORD, length=12, minNumeric=1, minSpecial=11)[1]["result"].value[0] for _ in range(8)}
    assert any(not character.isdigit() for character in first)


def test_a_class_that_is_switched_off_does_not_appear(provider):
    _, outputs = made(provider, PASSWORD, length=60, special=False, upper=False, number=False)
    assert set(outputs["result"].value) <= set(string.ascii_lowercase)
    assert (outputs["numeric"], outputs["number"]) == (False, False)


def test_the_hash_belongs_to_the_password_even_beyond_what_bcrypt_reads(provider):
    _, outputs = made(provider, PASSWORD, length=100)
    assert bcrypt.checkpw(outputs["result"].value[:72].encode(), outputs["bcryptHash"].value.encode())
    assert outputs["bcryptHash"].value.startswith("$2a$10$")


def test_two_passwords_differ(provider):
    first, second = (made(provider, PASSWORD, length=32)[1]["result"].value for _ in range(2))
    assert first != second


def test_every_form_of_an_identifier_is_the_same_number_behind_the_prefix(provider):
    id, outputs = made(provider, ID, byteLength=9, prefix="app-")
    drawn = base64.urlsafe_b64decode(id)
    assert len(drawn) == 9
    assert outputs["b64Url"] == f"app-{id}"
    assert outputs["hex"] == f"app-{drawn.hex()}"
    assert outputs["dec"] == f"app-{int.from_bytes(drawn, 'big')}"
    assert base64.b64decode(outputs["b64Std"].removeprefix("app-")) == drawn


@pytest.mark.parametrize(
    ("type", "inputs", "property", "words"),
    [
        (PASSWORD, {}, "length", "missing"),
        (PASSWORD, {"length": 0}, "length", "at least 1"),
        (INTEGER, {"min": 1}, "max", "missing"),
        (INTEGER, {"min": 2, "max": 1}, "max", "less than 'min'"),
        (INTEGER, {"min": 1.5, "max": 2}, "min", "whole number"),
        (INTEGER, {"min": 1, "max": 2, "seed": "x"}, "seed", "no property 'seed'"),
        (PET, {"length": 0}, "length", "at least 1"),
        (PASSWORD, {"length": 3, "minLower": 2, "minUpper": 2}, "length", "less than the 4"),
        (PASSWORD, {"length": 3, "colour": "red"}, "colour", "no property 'colour'"),
        (PASSWORD, {"length": 3, **dict.fromkeys(("lower", "upper", "numeric", "special"), False)}, "length", "class"),
        (
            PASSWORD,
            {"length": 3, "minLower": 2, **dict.fromkeys(("lower", "upper", "numeric", "special"), False)},
            "length",
            "class",
        ),
        (PASSWORD, {"length": 3, "numeric": True, "number": False}, "number", "'numeric'"),
        (ID, {"prefix": "x"}, "byteLength", "missing"),
        ("random:index/randomShuffle:RandomShuffle", {"inputs": []}, "", "randomShuffle:RandomShuffle"),
    ],
)
def test_what_cannot_be_made_is_refused_by_name(provider, type, inputs, property, words):
    assert words in reasons(provider, type, **inputs)[property]


def test_a_string_is_a_password_that_is_not_secret(provider):
    id, outputs = made(provider, STRING, length=20, special=False, upper=False, minNumeric=4)
    assert id == outputs["result"]
    assert len(id) == 20
    assert set(id) <= set(string.ascii_lowercase + string.digits)
    assert sum(character.isdigit() for character in id) >= 4
    assert "bcryptHash" not in outputs


def test_an_integer_is_within_its_bounds_and_reaches_both(provider):
    drawn = {made(provider, INTEGER, min=-1, max=1)[1]["result"] for _ in range(80)}
    assert drawn == {-1, 0, 1}, "80 draws of three numbers miss one of them once in 10^13 runs"


def test_a_uuid_is_written_in_its_groups(provider):
    id, outputs = made(provider, UUID)
    assert str(uuid.UUID(id)) == id == outputs["result"]


def test_a_pet_has_as_many_words_as_asked_for_behind_the_prefix(provider):
    for length in (1, 2, 4):
        id, _ = made(provider, PET, length=length, prefix="app", separator="_")
        words = id.split("_")
        assert words[0] == "app"
        assert len(words) == length + 1
    assert len(made(provider, PET)[0].split("-")) == 2


def test_a_length_that_is_not_known_yet_is_accepted(provider):
    assert reasons(provider, PASSWORD, length=UNKNOWN) == {}


def test_an_import_of_a_password_is_refused_with_a_reason(provider):
    with pytest.raises(ProviderError, match="can't be imported"):
        provider.read(PASSWORD, "none", {}, {})


def test_an_identifier_is_imported_with_its_prefix_and_nonsense_is_not(provider):
    _, outputs = made(provider, ID, byteLength=6, prefix="app-")
    found = provider.read(ID, f"app-,{outputs['id']}", {}, {})
    assert found is not None
    assert found.inputs == {"byteLength": 6, "prefix": "app-"}
    assert found.outputs == outputs
    with pytest.raises(ProviderError, match="b64Url"):
        provider.read(ID, "not an id", {}, {})


def test_a_provider_setting_is_refused_by_name(provider):
    assert "'seed'" in provider.check_config({}, {"seed": "1"}).failures[0].reason
