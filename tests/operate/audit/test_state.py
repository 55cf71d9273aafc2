"""Exported states: what rules see of them, and what is encrypted or damaged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from embedded.secrets import PassphraseSecrets
from operate.audit import state
from operate.audit.errors import InputError
from operate.audit.judge import judge
from operate.audit.policy_config import PolicyConfig
from operate.audit.resources import UNKNOWN, Source
from policies.catalogue import all_rules
from policies.containers import CONTAINER

RECORDED = Path(__file__).parents[2] / "fixtures/state_options.json"
SIGNATURE = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}
URN = f"urn:pulumi:dev::shop::{CONTAINER}::db"


def sealed(text: str) -> dict[str, str]:
    return {**SIGNATURE, "ciphertext": text}


def shown(value: Any) -> dict[str, str]:
    return {**SIGNATURE, "plaintext": json.dumps(value)}


def deployment(**inputs: Any) -> dict[str, Any]:
    return {"resources": [{"urn": URN, "type": CONTAINER, "custom": True, "inputs": {"image": "redis:7", **inputs}}]}


def found(**inputs: Any) -> tuple[set[str], dict[str, tuple[str, ...]]]:
    """The rules that find something, and those that couldn't judge by the property that they needed."""
    source = state.source(deployment(**inputs), "x")
    findings, unread = judge(source, all_rules(), PolicyConfig())
    return {one.rule for one in findings}, {one.where: one.rules for one in unread}


@pytest.mark.parametrize(
    "wrap", [lambda it: it, lambda it: {"deployment": it}, lambda it: {"checkpoint": {"latest": it}}]
)
def test_an_export_a_deployment_and_a_checkpoint_are_read(tmp_path, wrap):
    path = tmp_path / "state.json"
    path.write_text(json.dumps(wrap(deployment())))
    assert state.read(str(path)) == deployment()


def test_a_recorded_state_is_read_whole():
    content = state.read(str(RECORDED))
    source = state.source(content, "x")
    assert len(source.resources) == len(content["resources"])
    judge(source, all_rules(), PolicyConfig())


def test_a_published_data_port_in_a_state_is_found():
    assert "refuse-published-data-port" in found(ports=[{"internal": 6379, "external": 6379, "__defaults": []}])[0]


def test_a_protected_resource_is_known_as_one():
    content = deployment()
    content["resources"][0]["protect"] = True
    assert [one.protect for one in state.source(content, "x").resources] == [True]


def test_a_secret_that_is_encrypted_is_told_and_hides_nothing_else():
    rules, unread = found(ports=[{"internal": 6379, "ip": sealed("v1:a:b")}, {"internal": 6379}], envs=sealed("v1:c:d"))
    assert "refuse-published-data-port" in rules
    assert "refuse-published-data-port" in unread["ports[0].ip"]
    assert "refuse-plaintext-password" in unread["envs"]


def test_a_secret_in_plain_is_judged_as_under_an_engine_and_never_shown():
    content = deployment(envs=["A=b", shown("REDIS_PASSWORD=correct-horse")])
    findings, unread = judge(state.source(content, "x"), all_rules(), PolicyConfig())
    assert "refuse-plaintext-password" in {one.rule for one in findings}
    assert "correct-horse" not in repr([findings, unread])


def test_secrets_in_plain_are_found_wherever_they_stand():
    assert list(state.secrets({"a": [shown({"b": "c"})], "d": shown("e"), "f": sealed("x")})) == [{"b": "c"}, "e"]


def test_an_output_without_a_value_is_unknown():
    assert state.plain({"4dabf18193072939515e22adb298388d": "d0e6a833031e9bbcd3f4e8bde6ca49a4"}) == UNKNOWN


def test_a_passphrase_at_hand_opens_the_state(monkeypatch):
    secrets = PassphraseSecrets.create("open sesame")
    content = deployment(envs=[sealed(secrets.encrypt(json.dumps("REDIS_PASSWORD=correct-horse")))])
    content["secrets_providers"] = {"type": "passphrase", "state": {"salt": secrets.salt}}
    notes: list[str] = []
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "open sesame")
    assert list(state.secrets(state.opened(content, notes))) == ["REDIS_PASSWORD=correct-horse"]
    assert notes == []
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "another")
    assert state.opened(content, notes) == content
    assert len(notes) == 1


@pytest.mark.parametrize(
    "content", ["{", "[]", "1", '{"a": 1}', '{"resources": [1]}', '{"resources": [{}]}', '{"deployment": 3}']
)
def test_what_is_no_state_is_one_error(tmp_path, content):
    path = tmp_path / "state.json"
    path.write_text(content)
    with pytest.raises(InputError, match="stack export"):
        state.read(str(path))


def test_a_missing_file_is_one_error(tmp_path):
    with pytest.raises(InputError, match="gone"):
        state.read(str(tmp_path / "gone"))


@pytest.mark.parametrize("content", [{}, {"resources": None}, {"resources": []}])
def test_an_empty_state_has_no_findings(content):
    source = state.source(content, "x")
    assert source == Source(kind="state", name="x", resources=[])
    assert judge(source, all_rules(), PolicyConfig())[0] == []
