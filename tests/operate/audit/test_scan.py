"""Secrets in plain are found in every spelling, what only refers to one isn't, and no finding shows a value."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from operate.audit import scan, state
from operate.audit.errors import InputError
from operate.audit.judge import Found
from operate.audit.policy_config import PolicyConfig
from policies.rule import Level

SECRET = "Pa$$ w0rd/+&'\"<é>=%"
REFERENCE = Path(__file__).parents[2] / "fixtures"


def in_log(folder: Path, text: str, *secrets: Any) -> list[Found]:
    path = folder / "app.log"
    path.write_text(text)
    return list(scan.look([scan.of_logs(str(path))], scan.Secrets(secrets), PolicyConfig()))


def rules(found: list[Found]) -> list[tuple[str, str]]:
    return [(one.rule.removeprefix("refuse-"), one.where) for one in found]


@pytest.mark.parametrize(
    "form",
    [
        SECRET,
        json.dumps(SECRET),
        json.dumps(SECRET, ensure_ascii=False),
        json.dumps(json.dumps({"a": SECRET})),
        quote(SECRET, safe=""),
        quote_plus(SECRET),
        quote(SECRET, safe="").lower().replace("pa%24%24%20w0rd", "Pa%24%24%20w0rd"),
        base64.b64encode(SECRET.encode()).decode(),
        base64.b64encode(f"user:{SECRET}".encode()).decode(),
        base64.b64encode(f"users:{SECRET}\n".encode()).decode(),
        base64.urlsafe_b64encode(f"u:{SECRET}".encode()).decode(),
        SECRET.replace("'", "''"),
        SECRET.encode().hex(),
    ],
)
def test_a_known_secret_is_found_in_every_form(tmp_path, form):
    found = in_log(tmp_path, f"first\nbefore {form} after\n", SECRET)
    assert ("known-secret-in-plain", "line 2") in rules(found)
    assert SECRET not in repr(found)


def test_a_log_without_the_secret_has_no_finding(tmp_path):
    assert in_log(tmp_path, "all is well\n", SECRET) == []


def test_a_secret_is_told_once_for_each_line(tmp_path):
    found = in_log(tmp_path, "s3cret-value s3cret-value\ns3cret-value\n", "s3cret-value")
    assert rules(found) == [("known-secret-in-plain", "line 1"), ("known-secret-in-plain", "line 2")]


def test_the_password_of_a_secret_url_is_a_secret_itself(tmp_path):
    assert rules(in_log(tmp_path, "x hunter22x y", "postgresql://app:hunter22x@db:5432/app"))


def test_of_a_secret_map_only_what_is_secret_itself_is_looked_for(tmp_path):
    value = {"user": "shop_app", "password": "correct-horse", "urls": ["redis://u:battery-staple@h"]}
    assert in_log(tmp_path, "shop_app connected", value) == []
    assert len(in_log(tmp_path, "correct-horse\nbattery-staple\n", value)) == 2


def test_short_and_empty_secrets_are_skipped_and_counted(tmp_path):
    assert in_log(tmp_path, "abc 1", "", "abc", 1) == []
    assert scan.Secrets(["", "abc", 1]).skipped == 2


def test_secrets_do_not_show_themselves():
    assert "correct" not in repr(scan.Secrets(["correct-horse"])) + str(vars(scan.Secrets(["x"])))


@pytest.mark.parametrize(
    "text",
    [
        "password=hunter2",
        "POSTGRES_PASSWORD: hunter2",
        '{"password": "hunter2"}',
        '{\\"dbPassword\\": \\"hunter2\\"}',
        "PGPASSWORD=hunter2 psql -h db",
        "postgres://app:hunter2@db:5432/app",
        "redis://:hunter2@cache",
        "redis-server --requirepass hunter2",
        "redis-cli -a hunter2 ping",
        "mysql -uroot -phunter2",
        "ALTER ROLE app PASSWORD 'hunter2'",
        "AWS AKIAIOSFODNN7EXAMPLE",
        "-----BEGIN RSA PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----",
        "Authorization: Bearer abcdefgh12345678",
        "api_key = 1234567890abcdef",
        "ghp_" + "a1" * 18,
        "SECRET_KEY=django-insecure-x",
    ],
)
def test_what_looks_like_a_password_is_found(tmp_path, text):
    found = in_log(tmp_path, text)
    assert {name for name, _ in rules(found)} == {"password-literal"}
    assert "hunter2" not in repr(found)


@pytest.mark.parametrize(
    "text",
    [
        "POSTGRES_PASSWORD=${POSTGRES_PASSWORD}",
        "password: $PASSWORD",
        "POSTGRES_PASSWORD_FILE=/run/secrets/password",
        "PGPASSFILE=/run/secrets/pgpass",
        "password=****",
        "password: [secret]",
        'password: "<redacted>"',
        "postgres://app:****@db/app",
        "postgres://app:${PASSWORD}@db/app",
        "postgres://app:[secret]@db/app",
        "postgres://db:5432/app",
        "http://localhost:8000/a@b",
        "FATAL: password authentication failed for user app",
        "password: output<string>",
        "passwordEncryption: scram-sha-256",
        "auth: trust",
        "password=",
        "passwords are generated",
        "length of password: 32",
        "redis-server --requirepass ${REDIS_PASSWORD}",
        "ALTER ROLE app PASSWORD 'SCRAM-SHA-256$4096:abc$def:ghi'",
        "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQ",
        "",
    ],
)
def test_references_placeholders_and_talk_about_passwords_pass(tmp_path, text):
    assert in_log(tmp_path, text) == []


def test_a_state_in_which_a_secret_stands_in_plain_is_told_with_resource_and_path():
    urn = "urn:pulumi:dev::p::docker:index/container:Container::web"
    content = {"resources": [{"urn": urn, "inputs": {"envs": ["A=1", "TOKEN=correct-horse"]}, "outputs": {"x": 1}}]}
    [found, *_] = scan.look([scan.of_state(content, "s")], scan.Secrets(["correct-horse"]), PolicyConfig())
    assert (found.urn, found.where, found.resource, found.level) == (urn, "inputs.envs[1]", "web", "mandatory")


def test_what_is_encrypted_or_marked_as_secret_is_no_finding():
    wrapped = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "plaintext": '"correct-horse"'}
    content = {"resources": [{"urn": "a::b::c::d", "inputs": {"password": wrapped}}]}
    assert list(state.secrets(content)) == ["correct-horse"]
    assert list(scan.look([scan.of_state(content, "s")], scan.Secrets(["correct-horse"]), PolicyConfig())) == []


def test_a_password_in_a_state_is_found_by_the_name_that_it_stands_at():
    content = {
        "resources": [{"urn": "a::b::c::d", "inputs": {"password": "hunter2", "passwordLength": "long", "x": "y"}}]
    }
    assert [one.where for one in scan.look([scan.of_state(content, "s")], scan.Secrets(), PolicyConfig())] == [
        "inputs.password"
    ]


def test_a_recorded_state_has_the_one_finding_that_its_program_made():
    document = scan.of_state(state.read(str(REFERENCE / "state_options.json")), "s")
    assert [one.where for one in scan.look([document], scan.Secrets(), PolicyConfig())] == ["outputs.nested.secret"]


def test_a_plan_is_searched_with_its_old_and_new_values(tmp_path):
    path = tmp_path / "plan.json"
    step = {"op": "update", "urn": "a::b::c::d", "newState": {"inputs": {"envs": ["X=correct-horse"]}}}
    path.write_text(json.dumps({"config": {"a:pin": "[secret]"}, "steps": [step]}))
    [found] = scan.look([scan.of_plan(path)], scan.Secrets(["correct-horse"]), PolicyConfig())
    assert (found.urn, found.where) == ("a::b::c::d", "steps[0].newState.inputs.envs[0]")


@pytest.mark.parametrize("content", ["{", "[]", "{}", "3"])
def test_what_is_no_plan_is_one_error(tmp_path, content):
    path = tmp_path / "plan.json"
    path.write_text(content)
    with pytest.raises(InputError, match="preview --json"):
        scan.of_plan(path)


def test_a_log_that_is_no_text_is_searched_all_the_same(tmp_path):
    path = tmp_path / "app.log"
    path.write_bytes(b"\xff\xfe\n\x00password=hunter2\n")
    assert [one.where for one in scan.look([scan.of_logs(str(path))], scan.Secrets(), PolicyConfig())] == ["line 2"]


def test_searches_can_be_made_advisory_or_left_out():
    document = scan.of_state({"x": "password=hunter2"}, "s")
    advisory, disabled = (
        PolicyConfig(levels={rule.name: level for rule in scan.RULES}) for level in (Level.ADVISORY, Level.DISABLED)
    )
    assert [one.level for one in scan.look([document], scan.Secrets(), advisory)] == ["advisory"]
    assert list(scan.look([document], scan.Secrets(), disabled)) == []
