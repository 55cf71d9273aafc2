"""Where a brought secret is read from, and what is said where it isn't there. Runs the whole program, in previews."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from components.config import SettingsError, parse
from tests.components.samples import small
from tests.components.secret_values.vault_server import TOKEN, serving
from tests.integration.project import Project, Result

NOWHERE = "unix:///nonexistent/docker.sock"
VALUE = "s3cr3t-of-the-shop"


def config(vault: str | None = None, **secrets: Any) -> dict[str, Any]:
    service = {"tier": "backend", "port": "4001:8000", "secrets": secrets}
    raw = small(shop={"service": service})
    if vault:
        raw["vault"] = {"address": vault}
    return {f"data-tier:{key}": value for key, value in raw.items()}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project(tmp_path, config())
    made.env |= {"DOCKER_HOST": NOWHERE}
    made.pulumi("stack", "init")
    return made


def preview(project: Project, keys: dict[str, Any], ok: bool = True, **env: str) -> Result:
    file = project.edit() if project.file.exists() else {}
    kept = {key: value for key, value in file.get("config", {}).items() if not key.startswith("data-tier:")}
    project.write({**file, "config": {**keys, **kept}})
    return project.pulumi("preview", "--json", ok=ok, **env)


def told(done: Result) -> set[str]:
    """The variables that the shop's service gets."""
    step = next(it for it in json.loads(done.out)["steps"] if it["urn"].endswith("::service-shop-container"))
    return set(step["newState"]["inputs"]["envs"])


def test_a_value_in_the_configuration_becomes_a_file(project):
    project.pulumi("config", "set", "--secret", "secrets:shop-key", VALUE)
    done = preview(project, config(API_KEY={"config": "shop-key"}))
    assert "API_KEY_FILE=/run/secrets/api_key" in told(done)
    assert VALUE not in done.text
    assert VALUE not in project.file.read_text()


def test_a_value_in_plain_is_refused_and_not_shown(project):
    project.pulumi("config", "set", "--plaintext", "secrets:shop-key", VALUE)
    done = preview(project, config(API_KEY={"config": "shop-key"}), ok=False)
    assert done.code != 0
    assert "apps.shop.service.secrets.API_KEY" in done.text
    assert "it stands in plain in the stack file" in done.text
    assert VALUE not in project.pulumi("preview", ok=False).text, "with --json the engine shows plain configuration"


def test_a_value_in_the_environment_becomes_a_file(project):
    done = preview(project, config(API_KEY={"env": "SHOP_KEY"}), SHOP_KEY=VALUE)
    assert "API_KEY_FILE=/run/secrets/api_key" in told(done)
    assert VALUE not in done.text


def test_values_in_vault_become_files_and_each_secret_is_read_once(project):
    with serving({"apps/shop": {"value": VALUE, "other": "second"}}) as (address, asked):
        refs = {"API_KEY": {"vault": "apps/shop"}, "OTHER_KEY": {"vault": "apps/shop", "key": "other"}}
        done = preview(project, config(address, **refs), VAULT_TOKEN=TOKEN)
    assert {f"{name}_FILE=/run/secrets/{name.lower()}" for name in refs} <= told(done)
    assert asked == ["/v1/secret/data/apps/shop"]
    assert VALUE not in done.text


def test_all_that_is_missing_is_said_at_once(project):
    with serving({"apps/shop": {"value": VALUE}}) as (address, _):
        refs = {
            "A": {"config": "none"},
            "B": {"env": "NOT_SET_HERE"},
            "C": {"vault": "apps/none"},
            "D": {"vault": "apps/shop", "key": "none"},
        }
        done = preview(project, config(address, **refs), ok=False, VAULT_TOKEN=TOKEN)
    assert done.code != 0
    assert "4 problems in the stack file" in done.text
    for wanted in (
        "secrets.A: configuration secrets:none: it isn't set. Run pulumi config set --secret secrets:none",
        "secrets.B: variable NOT_SET_HERE: it isn't set",
        "secrets.C: Vault apps/none, field value: there is no such secret under secret/",
        "secrets.D: Vault apps/shop, field none: it has no text in 'none'. It has value",
    ):
        assert wanted in done.text
    assert "Traceback" not in done.text


@pytest.mark.parametrize(
    ("token", "status", "wanted"),
    [
        ("", 200, "VAULT_TOKEN isn't set"),
        ("hvs.wrong", 200, "Vault refuses it to this token"),
        (TOKEN, 503, "doesn't answer as Vault does"),
    ],
)
def test_a_vault_that_does_not_give_it_is_one_clear_error(project, token, status, wanted):
    with serving({"apps/shop": {"value": VALUE}}, status=status) as (address, _):
        done = preview(project, config(address, A={"vault": "apps/shop"}), ok=False, VAULT_TOKEN=token)
    assert done.code != 0
    assert wanted in done.text
    assert "Traceback" not in done.text
    assert "hvs." not in done.text


def test_a_vault_that_nobody_serves_is_one_clear_error(project):
    done = preview(project, config("http://127.0.0.1:9", A={"vault": "a"}), ok=False, VAULT_TOKEN=TOKEN)
    assert "http://127.0.0.1:9 doesn't answer as Vault does" in done.text
    done = preview(project, config(A={"vault": "a"}), ok=False)
    assert "there is no data-tier:vault" in done.text


@pytest.mark.parametrize(
    ("name", "ref", "wanted"),
    [
        ("API_KEY", VALUE, "this must be a section of keys"),
        ("API_KEY", {}, "a secret is in one place"),
        ("API_KEY", {"config": "a", "env": "B"}, "a secret is in one place"),
        ("API_KEY", {"config": "a", "key": "b"}, "key names a field of a secret in Vault"),
        ("api_key", {"config": "a"}, "a secret's name has capitals"),
        ("DATABASE_URL", {"config": "a"}, "the data URLs come from"),
        ("MONGODB_URL", {"config": "a"}, "the data URLs come from"),
        ("API_KEY", {"vault": "../a b"}, "a path in Vault"),
    ],
)
def test_a_reference_says_one_place_and_never_the_value(name, ref, wanted):
    raw = small(shop={"service": {"tier": "backend", "port": "4001:8000", "secrets": {name: ref}}})
    with pytest.raises(SettingsError) as error:
        parse(raw)
    assert wanted in str(error.value)
    assert VALUE not in str(error.value)


@pytest.mark.parametrize("address", ["http://vault.example:8200", "https://user:pass@vault", "vault:8200"])
def test_vault_is_spoken_to_over_tls_but_on_loopback(address):
    with pytest.raises(SettingsError, match=r"vault\.address.*https://host:port"):
        parse({**small(), "vault": {"address": address}})
