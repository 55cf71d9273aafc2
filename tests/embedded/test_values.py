"""Values and their form on the wire."""

import pytest
from google.protobuf import json_format, struct_pb2

from embedded.values import UNKNOWN, Secret, from_struct, has_secret, has_unknown, reveal, to_struct

NESTED = {
    "plain": {"text": "a", "number": 1, "half": 0.5, "yes": True, "none": None, "list": [1, "b", [], {}]},
    "secret": Secret({"deep": [Secret("x"), 2]}),
    "unknown": [UNKNOWN, {"inside": UNKNOWN}],
}


def test_values_survive_the_way_over_the_wire() -> None:
    assert from_struct(to_struct(NESTED)) == NESTED


def test_secrets_are_sent_in_plain_to_a_peer_that_does_not_accept_them() -> None:
    sent = json_format.MessageToDict(to_struct({"password": Secret("x")}, secrets=False))
    assert sent == {"password": "x"}


def test_a_secret_never_shows_its_value_in_its_repr() -> None:
    assert "hunter2" not in repr({"password": Secret("hunter2")})


def test_an_output_value_without_a_value_is_unknown_and_keeps_its_secrecy() -> None:
    struct = struct_pb2.Struct()
    fields = struct.fields["password"].struct_value.fields
    fields["4dabf18193072939515e22adb298388d"].string_value = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
    assert from_struct(struct) == {"password": UNKNOWN}
    fields["secret"].bool_value = True
    assert from_struct(struct) == {"password": Secret(UNKNOWN)}


@pytest.mark.parametrize(("value", "secret", "unknown"), [
    ([{"a": Secret(1)}], True, False),
    ({"a": [UNKNOWN]}, False, True),
    (Secret([UNKNOWN]), True, True),
    ({"a": [1, "b"]}, False, False),
])  # fmt: skip
def test_markers_are_found_however_deep_they_sit(value: object, secret: bool, unknown: bool) -> None:
    assert has_secret(value) is secret
    assert has_unknown(value) is unknown


def test_revealing_keeps_structure_and_unknowns() -> None:
    assert reveal({"a": [Secret({"b": Secret(1)})], "c": UNKNOWN}) == {"a": [{"b": 1}], "c": UNKNOWN}
