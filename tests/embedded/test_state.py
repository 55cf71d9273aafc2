"""The checkpoint format: round trips of recorded states, secrets, and what must hold between resources."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from embedded.errors import EngineError
from embedded.secrets import PassphraseSecrets
from embedded.state import Backend, Codec, Resource, integrity
from embedded.state.checkpoint import Checkpoint, from_deployment, salt_of
from embedded.values import UNKNOWN, Secret

FIXTURES = Path(__file__).parents[1] / "fixtures"
RECORDED = sorted(FIXTURES.glob("state_*.json"))
NO_URN = '{"version":3,"checkpoint":{"latest":{"resources":[{}]}}}'
URN = "urn:pulumi:dev::demo::random:index/randomId:RandomId::id"


def recorded(name: str) -> Any:
    return json.loads((FIXTURES / f"state_{name}.json").read_text())


def opened(document: Any) -> Checkpoint:
    secrets = PassphraseSecrets.open("x", salt_of(document["deployment"]))
    return from_deployment("organization/demo/dev", document["deployment"], secrets)


@pytest.fixture
def backend(tmp_path: Path) -> Backend:
    made = Backend.from_url(f"file://{tmp_path}", "demo")
    made.create("dev")
    return made


@pytest.fixture(scope="session")
def secrets() -> PassphraseSecrets:
    return PassphraseSecrets.create("x")


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_a_recorded_state_comes_back_the_same_to_the_order_of_keys(path: Path) -> None:
    document = json.loads(path.read_text())
    assert json.dumps(opened(document).deployment_json()) == json.dumps(document)


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_the_written_file_holds_the_same_deployment(path: Path) -> None:
    document = json.loads(path.read_text())
    written = json.loads(opened(document).encoded())
    assert written["version"] == 3
    assert written["checkpoint"] == {"stack": "organization/demo/dev", "latest": document["deployment"]}


def test_secrets_are_markers_in_memory_and_plain_only_on_demand() -> None:
    checkpoint = opened(recorded("secrets"))
    stack = checkpoint.resources[0]
    assert stack.outputs["pin"] == Secret("1234")
    shown = checkpoint.deployment_json(show_secrets=True)["deployment"]["resources"][0]["outputs"]["pin"]
    assert shown == {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "plaintext": '"1234"'}
    assert "1234" not in json.dumps(checkpoint.deployment_json()["deployment"]["resources"][0]["outputs"]["pin"])


def test_an_interrupted_operation_is_read() -> None:
    [(kind, resource)] = opened(recorded("interrupted")).pending_operations
    assert kind == "creating"
    assert resource.urn.endswith("::slow")


def test_a_changed_secret_gets_a_new_ciphertext_and_its_neighbour_keeps_the_old() -> None:
    document = recorded("secrets")
    checkpoint = opened(document)
    stack = checkpoint.resources[0]
    checkpoint.resources[0] = replace(stack, outputs={**stack.outputs, "pin": Secret("4321")})
    before = document["deployment"]["resources"][0]["outputs"]
    after = json.loads(checkpoint.encoded())["checkpoint"]["latest"]["resources"][0]["outputs"]
    assert after["pin"] != before["pin"]
    assert {**after, "pin": 0} == {**before, "pin": 0}


def test_fields_of_a_newer_cli_are_kept_in_place(secrets: PassphraseSecrets) -> None:
    entry = {
        "urn": URN,
        "custom": True,
        "id": "a",
        "type": "random:index/randomId:RandomId",
        "taint": True,
        "provider": "p::1",
        "initErrors": ["not ready"],
        "created": "2026-01-01T00:00:00Z",
        "sourcePosition": "project:///__main__.py#1,1",
        "someday": {"x": 1},
    }
    order = ["urn", "custom", "id", "type", "taint", "initErrors", "provider", "created", "sourcePosition", "someday"]
    codec = Codec(secrets)
    again = Resource.from_json(entry, codec).to_json(codec)
    assert again == entry
    assert list(again) == order


@pytest.mark.parametrize(
    "value",
    [
        Secret({"a": [1, None, True], "b": "é<>"}),
        [Secret("x"), "y"],
        {"deep": {"er": Secret(1.5)}},
        Secret({"inner": Secret("x")}),
        UNKNOWN,
        None,
        {},
        [],
    ],
)
def test_any_value_comes_back_as_it_was(value: Any, secrets: PassphraseSecrets) -> None:
    codec = Codec(secrets)
    written = json.loads(json.dumps(codec.encode(URN, "inputs", {"v": value})))
    assert Codec(secrets).decode(URN, "inputs", written) == {"v": value}


def test_an_unknown_inside_a_secret_is_written_as_the_sentinel(secrets: PassphraseSecrets) -> None:
    codec = Codec(secrets)
    written = codec.encode(URN, "inputs", {"v": Secret([UNKNOWN])})
    assert Codec(secrets).decode(URN, "inputs", written)["v"].value[0] is UNKNOWN


def test_without_secrets_provider_a_secret_cannot_be_written() -> None:
    with pytest.raises(EngineError, match="no secrets provider"):
        Codec(None).encode(URN, "inputs", {"v": Secret("hidden")})


def test_a_state_under_another_salt_is_opened_and_written_under_the_stacks_own(secrets: PassphraseSecrets) -> None:
    document = recorded("secrets")
    checkpoint = from_deployment("organization/demo/dev", document["deployment"], secrets)
    assert checkpoint.salt == secrets.salt
    written = json.loads(checkpoint.encoded())["checkpoint"]["latest"]
    again = from_deployment("organization/demo/dev", written, secrets)
    assert [item.outputs for item in again.resources] == [item.outputs for item in opened(document).resources]


def test_another_secrets_provider_is_refused() -> None:
    with pytest.raises(EngineError, match="'awskms'"):
        salt_of({"secrets_providers": {"type": "awskms", "state": {}}})


def resource(name: str, **more: Any) -> Resource:
    return Resource(urn=f"urn:pulumi:dev::demo::t::{name}", type="t", custom=True, **more)


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_recorded_states_are_whole(path: Path) -> None:
    assert integrity.problem(opened(json.loads(path.read_text())).resources) == ""


@pytest.mark.parametrize(
    ("resources", "message"),
    [
        ([resource("a", parent="urn:b")], "its parent urn:b is missing or comes after"),
        ([resource("a", dependencies=[resource("b").urn]), resource("b")], "its dependency .*::b is missing or comes"),
        ([resource("a", property_dependencies={"x": ["urn:b"]})], "its property dependency urn:b"),
        ([resource("a", deleted_with="urn:b")], "its deletedWith urn:b"),
        ([resource("a", provider="urn:p::1")], "unknown provider urn:p::1"),
        ([resource("a"), resource("a")], "duplicate resource"),
        ([Resource(urn="urn:c", type="t", custom=False, id="1")], "non-empty ID"),
    ],
)
def test_a_state_that_contradicts_itself_is_refused(
    backend: Backend, secrets: PassphraseSecrets, resources: list[Resource], message: str
) -> None:
    backend.save("dev", Checkpoint("organization/demo/dev", Codec(secrets), resources))
    with pytest.raises(EngineError, match=f"snapshot integrity failure; refusing to use it: .*{message}"):
        backend.load("dev", secrets)


def test_a_replaced_resource_may_stand_beside_its_replacement(backend: Backend, secrets: PassphraseSecrets) -> None:
    pair = [resource("a", id="2"), resource("a", id="1", delete=True)]
    backend.save("dev", Checkpoint("organization/demo/dev", Codec(secrets), pair))
    assert backend.load("dev", secrets).resources == pair
